//! Every text of the page, in English and German. One section for each part of the page.

use crate::text::Text;

/// Makes a constant of each text, and a list of all of them for the tests.
macro_rules! messages {
    ($($name:ident = $en:literal, $de:literal;)*) => {
        $(#[doc = $en] pub const $name: Text = Text { en: $en, de: $de };)*
        /// Every text with its name.
        pub const ALL: &[(&str, Text)] = &[$((stringify!($name), $name)),*];
    };
}

messages! {
    // The frame.
    WEIR = "Weir", "Weir";
    SKIP = "Skip to the content", "Zum Inhalt springen";
    NAVIGATION = "Main", "Hauptnavigation";
    OVERVIEW = "Devices", "Geräte";
    DEVICE = "Device {id}", "Gerät {id}";
    PROBLEMS = "Problems", "Störungen";
    FLOW = "Flow", "Abfluss";
    LANGUAGE = "Language", "Sprache";
    SIGN_OUT = "Sign out", "Abmelden";
    SIGNED_IN_AS = "Signed in as {email}", "Angemeldet als {email}";
    ROLE_ADMIN = "Administrator", "Administrator";
    ROLE_USER = "User", "Benutzer";
    ROLE_NONE = "No role", "Keine Rolle";

    // The live feed.
    LIVE = "Live", "Live";
    LIVE_CONNECTING = "Connecting", "Verbinde";
    LIVE_PAUSED = "Paused", "Angehalten";
    LIVE_OFF = "Not live", "Nicht live";
    LIVE_EXPLAINED = "Whether changes arrive by themselves", "Ob Änderungen von selbst ankommen";

    // States of a page.
    LOADING = "Loading …", "Lädt …";
    EMPTY = "There is nothing here.", "Hier ist nichts.";
    RETRY = "Try again", "Erneut versuchen";
    FAILED = "That did not work", "Das hat nicht geklappt";
    REQUEST_ID = "Request {id}", "Anfrage {id}";
    OFFLINE = "No connection", "Keine Verbindung";
    OFFLINE_DETAIL = "The server does not answer. What you see may be out of date; the page goes on by itself as soon as there is a connection.", "Der Server antwortet nicht. Was Sie sehen, kann veraltet sein; die Seite macht von selbst weiter, sobald es wieder eine Verbindung gibt.";
    UNREADABLE = "The answer of the server cannot be read. Load the page again; it may be out of date.", "Die Antwort des Servers ist nicht lesbar. Laden Sie die Seite neu; sie ist vielleicht veraltet.";
    FORBIDDEN = "Your role does not allow that.", "Ihre Rolle erlaubt das nicht.";
    NOT_THERE = "It does not exist, or is not among the devices that you may see.", "Es existiert nicht, oder gehört nicht zu den Geräten, die Sie sehen dürfen.";
    CHANGED_MEANWHILE = "Somebody else has changed it meanwhile. Load it again, and make your change once more.", "Jemand anders hat es inzwischen geändert. Laden Sie es neu, und nehmen Sie Ihre Änderung noch einmal vor.";
    TOO_MANY = "Too many requests at the moment. Try again in a few seconds.", "Zurzeit zu viele Anfragen. Versuchen Sie es in einigen Sekunden noch einmal.";
    NOT_FOUND = "This page does not exist", "Diese Seite gibt es nicht";
    NOT_FOUND_DETAIL = "Check the address, or go to your devices.", "Prüfen Sie die Adresse, oder gehen Sie zu Ihren Geräten.";

    // Signing in.
    SIGN_IN = "Sign in", "Anmelden";
    SIGNING_IN = "Signing in …", "Anmeldung läuft …";
    SIGN_IN_AGAIN = "Sign in again", "Erneut anmelden";
    SIGNED_OUT = "You are signed out", "Sie sind abgemeldet";
    SIGNED_OUT_DETAIL = "This browser keeps nothing of what you have seen.", "Dieser Browser behält nichts von dem, was Sie gesehen haben.";
    SIGN_IN_FAILED = "You could not be signed in", "Die Anmeldung ist fehlgeschlagen";
    SIGN_IN_STALE = "The answer does not belong to a sign-in that was begun here. Begin again.", "Die Antwort gehört zu keiner Anmeldung, die hier begonnen wurde. Beginnen Sie noch einmal.";
    SIGN_IN_DENIED = "The sign-in service says: {detail}", "Der Anmeldedienst sagt: {detail}";
    SIGN_IN_TOKEN = "The sign-in service gave a token that is not meant for this page.", "Der Anmeldedienst gab ein Token, das nicht für diese Seite bestimmt ist.";
    SESSION_OVER = "Your session is over", "Ihre Sitzung ist beendet";
    SESSION_OVER_DETAIL = "Sign in again in a window of its own: nothing that you have typed here is lost.", "Melden Sie sich in einem eigenen Fenster wieder an: Nichts, was Sie hier eingegeben haben, geht verloren.";
    WINDOW_DONE = "You are signed in again. You can close this window.", "Sie sind wieder angemeldet. Sie können dieses Fenster schließen.";
    NO_DEVICES = "You may not see any device yet", "Sie dürfen noch kein Gerät sehen";
    NO_DEVICES_DETAIL = "An administrator has to give you devices. Then sign out and in again.", "Eine Administratorin oder ein Administrator muss Ihnen Geräte zuteilen. Melden Sie sich danach ab und wieder an.";

    // Times.
    NOW = "now", "jetzt";
    SECONDS_AGO = "{count} s ago", "vor {count} s";
    MINUTES_AGO = "{count} min ago", "vor {count} min";
    HOURS_AGO = "{count} h ago", "vor {count} h";
    DAYS_AGO = "{count} d ago", "vor {count} Tagen";
}
