//! The function `certificate` as far as the device's row goes. What happens to certificates themselves is tested on the emulator, in
//! `tests/local/certificates` and `tests/local/fleet`.

mod access;
mod csr;
mod events;
mod sweep;
