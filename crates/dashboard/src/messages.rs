//! Every text of the page, in English and German. One section for each part of the page; those for administrators, and those of
//! calibrations, have a file of their own.

use crate::text::Text;

/// Makes a constant of each text, and a list of all of them for the tests.
macro_rules! messages {
    ($($name:ident = $en:literal, $de:literal;)*) => {
        $(#[doc = $en] pub const $name: Text = Text { en: $en, de: $de };)*
        /// Every text with its name.
        pub const ALL: &[(&str, Text)] = &[$((stringify!($name), $name)),*];
    };
}

pub mod admin;
pub mod calibration;

pub use admin::*;
pub use calibration::*;

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
    LIVE_CONNECTING = "Connecting …", "Verbindet …";
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
    NOT_LOADED = "This page could not be loaded", "Diese Seite konnte nicht geladen werden";
    NOT_LOADED_DETAIL = "There is no connection, or the dashboard was updated since you opened it.", "Es gibt keine Verbindung, oder die Oberfläche wurde aktualisiert, seit Sie sie geöffnet haben.";
    LOAD_PAGE_AGAIN = "Load everything again", "Alles neu laden";
    UNREADABLE = "The answer of the server cannot be read. Load the page again; it may be out of date.", "Die Antwort des Servers ist nicht lesbar. Laden Sie die Seite neu; sie ist vielleicht veraltet.";
    FORBIDDEN = "Your role does not allow that.", "Ihre Rolle erlaubt das nicht.";
    NOT_THERE = "It does not exist, or is not among the devices that you may see.", "Es existiert nicht oder gehört nicht zu den Geräten, die Sie sehen dürfen.";
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
    WINDOW_BLOCKED = "The browser has blocked the window. Allow windows for this site and try again, or continue in a new tab; what you have typed here stays:", "Der Browser hat das Fenster blockiert. Erlauben Sie Fenster für diese Seite und versuchen Sie es noch einmal, oder machen Sie in einem neuen Tab weiter; was Sie hier eingegeben haben, bleibt:";
    SIGN_IN_TAB = "Sign in in a new tab", "In einem neuen Tab anmelden";
    WINDOW_DONE = "Go on where you were. You can close this window.", "Machen Sie dort weiter, wo Sie waren. Sie können dieses Fenster schließen.";
    NO_DEVICES = "You may not see any device yet", "Sie dürfen noch kein Gerät sehen";
    NO_DEVICES_DETAIL = "An administrator has to give you devices. Then sign out and in again.", "Eine Administratorin oder ein Administrator muss Ihnen Geräte zuteilen. Melden Sie sich danach ab und wieder an.";

    // Times.
    NOW = "now", "jetzt";
    SECONDS_AGO = "{count} s ago", "vor {count} s";
    MINUTES_AGO = "{count} min ago", "vor {count} min";
    HOURS_AGO = "{count} h ago", "vor {count} h";
    DAYS_AGO = "{count} d ago", "vor {count} d";

    // What devices are like.
    STATE = "State", "Zustand";
    DEVICE_COLUMN = "Device", "Gerät";
    LEVEL = "Level", "Füllstand";
    LAST_READING = "Last reading", "Letzter Messwert";
    CONNECTION = "Connection", "Verbindung";
    CONNECTED = "Connected", "Verbunden";
    DISCONNECTED = "Disconnected", "Getrennt";
    GONE_BY_API = "The connection was ended over the API of AWS IoT", "Die Verbindung wurde über die API von AWS IoT beendet";
    GONE_AUTH = "Authentication or authorization failed", "Die Anmeldung oder die Berechtigung ist fehlgeschlagen";
    GONE_CLIENT_ERROR = "The device broke the protocol", "Das Gerät hat gegen das Protokoll verstoßen";
    GONE_BY_ITSELF = "The device ended the connection", "Das Gerät hat die Verbindung beendet";
    GONE_LOST = "The connection was lost", "Die Verbindung ist abgebrochen";
    GONE_AUTH_EXPIRED = "The authorization has expired", "Die Berechtigung ist abgelaufen";
    GONE_DUPLICATE = "Another client connected with the same id", "Ein anderer Client hat sich mit derselben Kennung verbunden";
    GONE_FORBIDDEN = "The device was not allowed to connect", "Das Gerät durfte sich nicht verbinden";
    GONE_SILENT = "The device sent nothing for too long", "Das Gerät hat zu lange nichts gesendet";
    GONE_SERVER_ERROR = "AWS IoT had an error", "Bei AWS IoT ist ein Fehler aufgetreten";
    GONE_BY_SERVER = "AWS IoT ended the connection for operational reasons", "AWS IoT hat die Verbindung aus betrieblichen Gründen beendet";
    GONE_THROTTLED = "The device exceeded a limit of AWS IoT", "Das Gerät hat ein Limit von AWS IoT überschritten";
    GONE_WEBSOCKET = "The WebSocket was open for too long", "Der WebSocket war zu lange offen";
    NEVER_CONNECTED = "Never connected", "Noch nie verbunden";
    CONDITION_CRITICAL = "Critical", "Kritisch";
    CONDITION_PROBLEM = "Problem", "Störung";
    CONDITION_ACKNOWLEDGED = "Acknowledged", "Zur Kenntnis genommen";
    CONDITION_OFFLINE = "Disconnected", "Getrennt";
    CONDITION_GOOD = "Good", "In Ordnung";
    CONDITION_DISABLED = "Switched off", "Ausgeschaltet";

    // The list of devices.
    SEARCH = "Search id, name or level", "Kennung, Name oder Pegel suchen";
    WHICH_DEVICES = "Which devices", "Welche Geräte";
    SHOW_ALL = "All", "Alle";
    SHOW_PROBLEMS = "With problems", "Mit Störungen";
    SHOW_OFFLINE = "Disconnected", "Getrennt";
    READ = "As of", "Stand";
    READ_AGAIN = "Refresh", "Aktualisieren";
    MORE_DEVICES = "There are more devices; the first {count} are shown.", "Es gibt mehr Geräte; gezeigt werden die ersten {count}.";
    NO_DEVICE_REGISTERED = "No device is registered yet.", "Es ist noch kein Gerät registriert.";
    NO_DEVICE_OF_YOURS = "None of the devices that you may see is registered.", "Keines der Geräte, die Sie sehen dürfen, ist registriert.";
    NO_DEVICE_FITS = "No device fits the search.", "Kein Gerät passt zur Suche.";
    MAP = "Map", "Karte";
    MAP_PROBLEM = "{name}: {state}, {since}", "{name}: {state}, {since}";

    // Problems.
    KIND = "Kind", "Art";
    SEVERITY = "Severity", "Dringlichkeit";
    ANY = "Any", "Alle";
    KIND_OBSTRUCTION = "Obstruction", "Verstopfung";
    KIND_PROBLEM = "Backflow", "Rückstau";
    KIND_SILENT = "Silent", "Stumm";
    KIND_LIMIT = "Limit", "Grenzwert";
    STATUS_UNRESOLVED = "To do", "Offen";
    STATUS_ACKNOWLEDGED = "Acknowledged", "Zur Kenntnis genommen";
    STATUS_RESOLVED = "Over", "Vorbei";
    SEVERITY_INFO = "Info", "Hinweis";
    SEVERITY_WARNING = "Warning", "Warnung";
    SEVERITY_CRITICAL = "Critical", "Kritisch";
    ABOUT_PAIR = "{current} is at {one} %, {following} after it at {other} %", "{current} steht bei {one} %, {following} danach bei {other} %";
    ABOUT_SILENT_SENSOR = "Flow sensor {id} has reported nothing for too long", "Pegel {id} hat zu lange nichts gemeldet";
    ABOUT_SILENT_DEVICE = "{id} has reported nothing for too long", "{id} hat zu lange nichts gemeldet";
    ABOUT_LIMIT = "{device} {sensor}: {value}, limit {limit} ({alert})", "{device} {sensor}: {value}, Grenze {limit} ({alert})";
    WHICH_PROBLEMS = "Which problems", "Welche Störungen";
    NOTHING_TO_DO = "Nothing to do: nobody has to look at anything.", "Nichts zu tun: Niemand muss nach etwas sehen.";
    NO_PROBLEM = "No such problem.", "Keine solche Störung.";
    NEW_PROBLEMS = "Show {count} new", "{count} neue zeigen";
    TICK_ALL = "Select all", "Alle auswählen";
    TICK = "Select {id}", "{id} auswählen";
    TICKED = "{count} selected", "{count} ausgewählt";
    ACKNOWLEDGE = "Acknowledge", "Zur Kenntnis nehmen";
    RESOLVE = "Resolve", "Erledigt";
    NOTE = "Note", "Notiz";
    NOTE_FOR_TICKED = "Note for those selected", "Notiz zu den ausgewählten";
    NOTE_REMOVED = "Note removed", "Notiz entfernt";
    WRITE_NOTE = "Only write the note", "Nur Notiz schreiben";
    CHANGED = "{count} changed.", "{count} geändert.";
    CHANGED_PARTLY = "{count} changed, {refused} not:", "{count} geändert, {refused} nicht:";
    EPISODES = "episode {count}", "zum {count}. Mal";
    BY_ITSELF = "itself", "das Ende der Ursache";
    BY_REMOVAL = "the removal of its reason", "Wegfall des Grundes";
    ACKNOWLEDGED_BY = "Acknowledged by {by}", "Zur Kenntnis genommen von {by}";
    RESOLVED_BY = "Ended by {by}", "Beendet durch {by}";
    NO_LONGER_HERE = "No longer in this list; it disappears as soon as you leave the list.", "Nicht mehr in dieser Liste; sie verschwindet, sobald Sie die Liste verlassen.";
    MORE = "Show more", "Mehr zeigen";

    // Flow.
    TUBE = "Tube {name}", "Rohr {name}";
    FLOWS_INTO = "flows into {id}", "mündet in {id}";
    BOTH_CURVES = "Curves of {id} and {next}", "Verläufe von {id} und {next}";
    FLOWS_ON = "flows on without a problem", "fließt ohne Störung weiter";
    NO_LEVELS = "No flow sensor that you may see has reported a level yet.", "Noch hat kein Pegel, den Sie sehen dürfen, etwas gemeldet.";

    // A device.
    IS_SENSOR = "Flow sensor {id}", "Pegel {id}";
    ITS_PROBLEMS = "Its problems", "Seine Störungen";
    LATEST = "Now", "Jetzt";
    NO_SENSORS = "This device has no sensors.", "Dieses Gerät hat keine Sensoren.";
    NO_READING = "No reading yet", "Noch kein Messwert";
    QUALITY_OUT_OF_RANGE = "Out of range", "Außerhalb des Bereichs";
    QUALITY_UNCALIBRATED = "Not calibrated", "Nicht kalibriert";
    CALIBRATION = "Calibration", "Kalibrierung";

    // Curves.
    CURVES = "Curves", "Verläufe";
    SENSORS = "Sensors", "Sensoren";
    SPAN = "Span", "Zeitraum";
    SPAN_FIXED = "From … to", "Von … bis";
    LAST_15M = "Last 15 minutes", "Letzte 15 Minuten";
    LAST_1H = "Last hour", "Letzte Stunde";
    LAST_6H = "Last 6 hours", "Letzte 6 Stunden";
    LAST_24H = "Last 24 hours", "Letzte 24 Stunden";
    LAST_7D = "Last 7 days", "Letzte 7 Tage";
    LAST_30D = "Last 30 days", "Letzte 30 Tage";
    LAST_90D = "Last 90 days", "Letzte 90 Tage";
    LAST_366D = "Last year", "Letztes Jahr";
    FROM = "From", "Von";
    TO = "To", "Bis";
    MOVE = "Move", "Verschieben";
    EARLIER = "Earlier", "Früher";
    LATER = "Later", "Später";
    CLOSER = "Zoom in", "Vergrößern";
    FARTHER = "Zoom out", "Verkleinern";
    ZONE = "Time zone", "Zeitzone";
    ZONE_LOCAL = "Here ({name})", "Hier ({name})";
    CSV = "Download CSV", "CSV herunterladen";
    FOLLOWS = "Follows the time", "Läuft mit";
    FOLLOW = "Follow the time", "Mitlaufen";
    CHART_LABEL = "Chart of {name}. Arrow keys move and zoom it; the values are in the table below.", "Verlauf von {name}. Pfeiltasten verschieben und vergrößern ihn; die Werte stehen in der Tabelle darunter.";
    CHART_HELP = "Drag to zoom, Shift and drag to move, double-click to zoom out; the wheel zooms after a click; arrow keys move and zoom.", "Ziehen vergrößert, Umschalt und Ziehen verschiebt, Doppelklick verkleinert; nach einem Klick vergrößert das Rad; Pfeiltasten verschieben und vergrößern.";
    BUCKET = "⌀ {mean} ({low} … {high}, {count} readings)", "⌀ {mean} ({low} … {high}, {count} Messwerte)";
    LEFT_OUT = "{count} left out", "{count} nicht gezählt";
    SHOWN_READINGS = "single readings", "einzelne Messwerte";
    SHOWN_INTERVALS = "mean, least and greatest of {width} each", "Mittel, kleinster und größter Wert von je {width}";
    NO_VALUES_IN_SPAN = "No values in this span", "Keine Werte in diesem Zeitraum";
    AS_TABLE = "As a table", "Als Tabelle";
    TIME = "Time", "Zeit";
    VALUE = "Value", "Wert";
    RANGE_OR_QUALITY = "Range or quality", "Bereich oder Qualität";

    // Settings.
    SETTINGS = "Settings", "Einstellungen";
    SETTING = "Setting", "Einstellung";
    DESIRED = "Desired", "Gewünscht";
    REPORTED = "Reported", "Gemeldet";
    SETTING_SAME = "Applied", "Übernommen";
    SETTING_DIFFERENT = "Not applied", "Nicht übernommen";
    SETTING_UNKNOWN = "Not known", "Nicht bekannt";
    SETTINGS_PENDING = "On their way to the device", "Unterwegs zum Gerät";
    SETTINGS_UNREACHED = "What the device reports cannot be read at the moment.", "Was das Gerät meldet, ist zurzeit nicht lesbar.";
    NO_SETTINGS = "No settings are desired.", "Keine Einstellungen gewünscht.";
    REPORTED_ONLY = "Only reported by the device:", "Nur vom Gerät gemeldet:";
    CHANGE = "Change", "Ändern";
    SETTINGS_JSON = "All settings, as JSON", "Alle Einstellungen, als JSON";
    NO_JSON = "This is not JSON: {detail}", "Das ist kein JSON: {detail}";
    SAVE = "Save", "Speichern";
    CANCEL = "Cancel", "Abbrechen";
    ACTIONS = "Actions", "Aktionen";

    // Commands.
    COMMANDS = "Commands", "Befehle";
    COMMAND = "Command", "Befehl";
    ARGUMENTS = "Arguments, as JSON", "Argumente, als JSON";
    WITHIN_SECONDS = "Within, in s", "Innerhalb von, in s";
    SEND = "Send", "Senden";
    CANCEL_COMMAND = "Cancel", "Zurückziehen";
    NO_COMMANDS = "No commands yet.", "Noch keine Befehle.";
    NO_COMMANDS_DISABLED = "A device that is switched off takes no commands.", "Ein ausgeschaltetes Gerät nimmt keine Befehle an.";
    COMMAND_QUEUED = "Queued", "Wartet";
    COMMAND_SENT = "Sent", "Gesendet";
    COMMAND_ACCEPTED = "Begun", "Begonnen";
    COMMAND_SUCCEEDED = "Done", "Ausgeführt";
    COMMAND_FAILED = "Failed", "Fehlgeschlagen";
    COMMAND_EXPIRED = "Expired", "Abgelaufen";
    COMMAND_CANCELLED = "Cancelled", "Zurückgezogen";

    // Events.
    EVENTS = "Events", "Ereignisse";
    NO_EVENTS = "Nothing has happened yet.", "Noch ist nichts geschehen.";
    OLDER = "Show older ones", "Ältere zeigen";
    MORE_CHANGES = "and {count} more", "und {count} weitere";
    EVENT_REPORTED = "Reported", "Gemeldet";
    EVENT_DESIRED = "Desired", "Gewünscht";
    EVENT_CONNECTED = "Connected", "Verbunden";
    EVENT_DISCONNECTED = "Disconnected", "Getrennt";
    EVENT_DEVICE = "Device", "Gerät";
    EVENT_CALIBRATION = "Calibration", "Kalibrierung";
    EVENT_SETTINGS = "Settings", "Einstellungen";
    EVENT_ALERT = "Alert", "Grenzwert";
    EVENT_RECALCULATION = "Recalculation", "Neuberechnung";
    EVENT_QUARANTINE = "Quarantine", "Quarantäne";
    EVENT_PROBLEM = "Problem", "Störung";
    EVENT_LEVEL = "Level", "Füllstand";
    EVENT_COMMAND = "Command", "Befehl";
    EVENT_CERTIFICATE = "Certificate", "Zertifikat";
    EVENT_JOB = "Job", "Auftrag";

    // Alerts of a sensor.
    ALERTS = "Alerts", "Grenzwerte";
    ALERTS_OF = "Alerts of {sensor}, {device}", "Grenzwerte von {sensor}, {device}";
    NO_ALERTS = "No alert watches this sensor yet.", "Noch überwacht kein Grenzwert diesen Sensor.";
    NEW_ALERT = "New alert", "Neuer Grenzwert";
    CHANGE_ALERT = "Change {id}", "{id} ändern";
    TRY_AN_ALERT = "Try an alert", "Grenzwert ausprobieren";
    ALERT_ID = "Id", "Kennung";
    ALERT_ID_RULE = "1 to 32 lower-case letters, digits or -, the first a letter", "1 bis 32 Kleinbuchstaben, Ziffern oder -, zuerst ein Buchstabe";
    ALERT_WHEN = "Opens when a value is", "Öffnet, wenn ein Wert";
    WHEN_ABOVE = "above a limit", "über einer Grenze liegt";
    WHEN_BELOW = "below a limit", "unter einer Grenze liegt";
    WHEN_OUTSIDE = "outside a range", "außerhalb eines Bereichs liegt";
    LIMIT = "Limit", "Grenze";
    LOWER_LIMIT = "Least value within", "Kleinster Wert im Bereich";
    UPPER_LIMIT = "Greatest value within", "Größter Wert im Bereich";
    CLEAR = "Ends at", "Endet bei";
    CLEAR_HINT = "Empty: at the limit itself", "Leer: an der Grenze selbst";
    CLEAR_WITHIN_HINT = "How far within the range; empty: at its edge", "Wie weit im Bereich; leer: an seinem Rand";
    FOR_READINGS = "After how many readings in a row", "Nach wie vielen Messwerten in Folge";
    FOR_HINT = "1 to 24; empty: 1", "1 bis 24; leer: 1";
    WHAT_TO_DO = "What to do", "Was zu tun ist";
    NO_NUMBER = "This is not a number.", "Das ist keine Zahl.";
    NO_WHOLE_NUMBER = "This is not a whole number.", "Das ist keine ganze Zahl.";
    SWITCHED_ON = "Switched on", "Eingeschaltet";
    SWITCHED_OFF = "Switched off", "Ausgeschaltet";
    MOST_ALERTS = "A sensor has at most {count} alerts: remove one first.", "Ein Sensor hat höchstens {count} Grenzwerte: Entfernen Sie zuerst einen.";
    ALERT_SAVED = "{id} is saved. It applies within moments, from the next reading on.", "{id} ist gespeichert. Er gilt in wenigen Augenblicken, ab dem nächsten Messwert.";
    ALERT_SAVED_OFF = "{id} is saved. It is switched off and watches nothing.", "{id} ist gespeichert. Er ist ausgeschaltet und überwacht nichts.";
    ALERT_REMOVED = "{id} is removed.", "{id} ist entfernt.";
    REMOVE_ALERT_QUESTION = "Remove {id}? Its open problem ends.", "{id} entfernen? Seine offene Störung endet damit.";
    CHANGE_ONE = "Change {name}", "{name} ändern";
    REMOVE_ONE = "Remove {name}", "{name} entfernen";
    LOAD_AGAIN = "Load it again, keep what I typed", "Neu laden, meine Eingaben behalten";
    ITS_PROBLEM = "Its problem", "Seine Störung";
    ALERT_ABOVE = "above {limit}", "über {limit}";
    ALERT_BELOW = "below {limit}", "unter {limit}";
    ALERT_OUTSIDE = "outside {low} to {high}", "außerhalb von {low} bis {high}";
    ALERT_AFTER = "after {count} readings in a row", "nach {count} Messwerten in Folge";
    ALERT_CLEAR = "ends at {clear}", "endet bei {clear}";
    ALERT_CLEAR_WITHIN = "ends {clear} within", "endet {clear} im Bereich";
    TRY_ON_HISTORY = "Try on history", "An der Vergangenheit ausprobieren";
    TRY_EXPLAINED = "Shows when the alert above would have been open. Nothing is saved.", "Zeigt, wann der Grenzwert oben offen gewesen wäre. Gespeichert wird nichts.";
    TRIAL_NONE = "It would not have opened: {readings} readings were judged.", "Er hätte sich nicht geöffnet: {readings} Messwerte wurden beurteilt.";
    TRIAL_ONE = "It would have been open once, for {length}: {readings} readings were judged.", "Er wäre einmal offen gewesen, {length} lang: {readings} Messwerte wurden beurteilt.";
    TRIAL_SOME = "It would have been open {count} times, for {length} in all: {readings} readings were judged.", "Er wäre {count} Mal offen gewesen, zusammen {length} lang: {readings} Messwerte wurden beurteilt.";
    TRIAL_CUT = "These are as many readings as are judged at once. The span was judged until", "So viele Messwerte werden auf einmal beurteilt. Der Zeitraum ist beurteilt bis";
    TRIAL_GO_ON = "Go on from there", "Von dort weitermachen";
    TRIAL_EPISODES = "Times in which it would have been open", "Zeiten, in denen er offen gewesen wäre";
    BEGAN = "Began", "Begann";
    OPENED = "Opened", "Öffnete";
    ENDED = "Ended", "Endete";
    STILL_OPEN = "still open", "noch offen";
    VALUE_THEN = "Value then", "Wert dabei";
    MORE_EPISODES = "and {count} earlier ones", "und {count} frühere";

    // What somebody is told.
    SUBSCRIPTIONS = "My notices", "Meine Benachrichtigungen";
    SUBSCRIPTIONS_EXPLAINED = "You can be told when a problem opens, changes or ends, wherever you are. Only you see this list.", "Sie können benachrichtigt werden, wenn eine Störung beginnt, sich ändert oder endet, wo immer Sie sind. Nur Sie sehen diese Liste.";
    NO_SUBSCRIPTIONS = "You are not told anything yet.", "Noch werden Sie nicht benachrichtigt.";
    SUBSCRIBE = "Subscribe", "Abonnieren";
    NEW_SUBSCRIPTION = "New subscription", "Neues Abonnement";
    CHANGE_SUBSCRIPTION = "Change subscription", "Abonnement ändern";
    CHANNEL = "How", "Wie";
    BY_EMAIL = "By e-mail to {email}", "Per E-Mail an {email}";
    BY_WEBHOOK = "By webhook to {url}", "Per Webhook an {url}";
    WEBHOOK = "By webhook", "Per Webhook";
    WEBHOOK_URL = "Address of the webhook", "Adresse des Webhooks";
    WEBHOOK_HINT = "An https address of your own service; it gets signed requests.", "Eine https-Adresse Ihres eigenen Dienstes; er bekommt signierte Anfragen.";
    WHICH_KINDS = "Which kinds of problems (none selected: all)", "Welche Arten von Störungen (nichts ausgewählt: alle)";
    ONLY_DEVICES = "Only of these devices (none: all that you may see)", "Nur von diesen Geräten (keine: alle, die Sie sehen dürfen)";
    LEAST_SEVERITY = "This severity and more urgent ones", "Ab dieser Dringlichkeit";
    REMIND = "Tell again after, in h", "Erneut melden nach, in h";
    REMIND_HINT = "As long as nobody has acknowledged it; empty: never", "Solange es niemand zur Kenntnis genommen hat; leer: nie";
    DIGEST = "Collect for, in min", "Sammeln, in min";
    DIGEST_HINT = "Then all in one notice; empty: each at once", "Dann alles in einer Nachricht; leer: jede sofort";
    ZONE_HINT = "Of the times in e-mails and of quiet hours, such as Europe/Vienna", "Der Zeiten in E-Mails und der Ruhezeit, etwa Europe/Vienna";
    QUIET = "Quiet hours", "Ruhezeit";
    QUIET_FROM = "Quiet from", "Ruhe von";
    QUIET_TO = "Quiet until", "Ruhe bis";
    QUIET_BUT_CRITICAL = "Tell critical problems all the same", "Kritische Störungen trotzdem melden";
    ALL_KINDS = "all problems", "alle Störungen";
    OF_ALL_DEVICES = "all devices", "allen Geräten";
    TELLS = "{kinds} of {devices}", "{kinds} von {devices}";
    TELLS_FROM = "{severity} and more urgent", "{severity} und dringender";
    TELLS_QUIET = "quiet from {from} to {to} ({zone})", "Ruhe von {from} bis {to} ({zone})";
    TELLS_QUIET_BUT_CRITICAL = "quiet from {from} to {to} ({zone}), but for critical problems", "Ruhe von {from} bis {to} ({zone}), außer bei kritischen Störungen";
    TELLS_DIGEST = "collected for {minutes} min", "{minutes} min lang gesammelt";
    TELLS_AGAIN = "again after {hours} h if nobody acknowledges", "erneut nach {hours} h, wenn es niemand zur Kenntnis nimmt";
    OFF_BY_LINK = "Ended by a link in an e-mail", "Durch einen Link in einer E-Mail beendet";
    OFF_BY_RECEIVER = "Ended by the receiver", "Vom Empfänger beendet";
    TEST = "Send a test", "Test senden";
    TEST_ONE = "Send a test: {name}", "Test senden: {name}";
    TEST_ARRIVED = "The test has arrived.", "Der Test ist angekommen.";
    TEST_FAILED = "The test has not arrived: {detail}", "Der Test ist nicht angekommen: {detail}";
    SWITCH_IT_ON = "Switch on", "Einschalten";
    SWITCH_IT_OFF = "Switch off", "Ausschalten";
    SWITCH_ON_ONE = "Switch on: {name}", "Einschalten: {name}";
    SWITCH_OFF_ONE = "Switch off: {name}", "Ausschalten: {name}";
    REMOVE_SUBSCRIPTION_QUESTION = "Remove this subscription?", "Dieses Abonnement entfernen?";
    SECRET = "The secret that the webhook is signed with", "Das Geheimnis, mit dem der Webhook signiert wird";
    SECRET_ONCE = "Copy it into your service now: it is not shown again.", "Übernehmen Sie es jetzt in Ihren Dienst: Es wird nicht noch einmal gezeigt.";
    SECRET_KEPT = "I have kept it", "Ich habe es übernommen";

    // With what a device may connect, and what it runs.
    ACCESS = "Certificates and firmware", "Zertifikate und Firmware";
    CERTIFICATES = "Certificates", "Zertifikate";
    CERTIFICATE = "Certificate", "Zertifikat";
    CREATED = "Created", "Erstellt";
    VALID_UNTIL = "Valid until", "Gültig bis";
    IN_USE = "In use", "In Gebrauch";
    HAS_ENDED = "Has ended", "Abgelaufen";
    ENDS_SOON = "Ends soon", "Läuft bald ab";
    CERTIFICATE_ACTIVE = "Active", "Aktiv";
    CERTIFICATE_INACTIVE = "Not active", "Nicht aktiv";
    CERTIFICATE_BY_DISABLING = "Off with the device", "Mit dem Gerät aus";
    CERTIFICATE_REVOKED = "Revoked", "Widerrufen";
    CERTIFICATE_PENDING = "Pending", "Ausstehend";
    CERTIFICATES_PENDING = "The last change is on its way to AWS IoT.", "Die letzte Änderung ist unterwegs zu AWS IoT.";
    NO_CERTIFICATES = "The device has no certificate: it cannot connect.", "Das Gerät hat kein Zertifikat: Es kann sich nicht verbinden.";
    RENEWAL_EXPLAINED = "A device is asked for a new certificate before its own ends; the old one goes when it has connected with the new one.", "Ein Gerät wird um ein neues Zertifikat gebeten, bevor seines abläuft; das alte verschwindet, wenn es sich mit dem neuen verbunden hat.";
    REMOVE_CERTIFICATE_QUESTION = "Remove this certificate? Nobody can connect with it any more.", "Dieses Zertifikat entfernen? Niemand kann sich mehr damit verbinden.";
    REMOVE_CERTIFICATE_IN_USE = "The device connects with this certificate. Shut it out?", "Das Gerät verbindet sich mit diesem Zertifikat. Soll es ausgesperrt werden?";
    SWITCH_OFF_QUESTION = "Switch {id} off? It cannot connect, and its messages go into quarantine.", "{id} ausschalten? Es kann sich nicht verbinden, und seine Nachrichten kommen in die Quarantäne.";
    ITS_FIRMWARE = "Firmware", "Firmware";
    NO_VERSION_REPORTED = "The device reports no version.", "Das Gerät meldet keine Version.";
    NO_OPEN_JOB = "No job brings it another one.", "Kein Auftrag bringt ihm eine andere.";
    JOB_BRINGS = "A job brings {version}", "Ein Auftrag bringt {version}";
    JOB_PREPARING = "Being prepared", "Wird vorbereitet";

    // One problem.
    PROBLEM = "Problem {id}", "Störung {id}";
    TO_PROBLEMS = "All problems", "Alle Störungen";
    NEWER_PROBLEM = "Newer", "Neuere";
    OLDER_PROBLEM = "Older", "Ältere";
    ITS_ALERT = "Its alert", "Ihr Grenzwert";
    READINGS_THEN = "Readings", "Messwerte";
    THIS_EPISODE = "What happened", "Was geschah";
    EPISODE_BEGAN = "Began", "Begonnen";
    WHAT_PEOPLE_DID = "What people did", "Was Menschen getan haben";
}
