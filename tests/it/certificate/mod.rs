//! The function `certificate`: its effects on the device's row. The certificates themselves are tested on the emulator, in
//! `tests/local/certificates` and `tests/local/fleet`.

mod access;
mod csr;
mod events;
mod sweep;
