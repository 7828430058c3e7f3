//! The texts of calibrations.

use crate::text::Text;

messages! {
    CALIBRATION_OF = "Calibration of {sensor}, {device}", "Kalibrierung von {sensor}, {device}";
    HISTORY = "History", "Verlauf der Versionen";
    NO_CALIBRATION = "There is no calibration yet: values are the raw numbers.", "Noch keine Kalibrierung: Die Werte sind die Rohzahlen.";
    VERSION = "Version", "Version";
    VALID_FROM = "Valid from", "Gültig ab";
    MODEL = "Model", "Modell";
    BY = "By", "Von";
    NEW_CALIBRATION = "New calibration", "Neue Kalibrierung";
    POINTS_EXPLAINED = "Hold the sensor into something whose value you know, wait until it is steady, take its raw number, and write what it should be.", "Halten Sie den Sensor in etwas, dessen Wert Sie kennen, warten Sie, bis er ruhig ist, übernehmen Sie die Rohzahl, und schreiben Sie daneben, was es sein soll.";
    POINTS = "Reference points", "Referenzpunkte";
    RAW = "Raw number", "Rohzahl";
    REFERENCE = "Reference", "Referenz";
    RESIDUAL = "Residual", "Abweichung";
    RAW_OF = "Raw number of point {number}", "Rohzahl von Punkt {number}";
    REFERENCE_OF = "Reference of point {number}", "Referenz von Punkt {number}";
    REMOVE_POINT = "Remove point {number}", "Punkt {number} entfernen";
    REMOVE = "Remove", "Entfernen";
    ADD_POINT = "Add a point", "Punkt hinzufügen";
    TAKE_RAW = "Take the raw number of now", "Rohzahl von jetzt übernehmen";
    RAW_NOW = "now {raw}, which is {value}", "jetzt {raw}, das ist {value}";
    CURVE_OF = "Points and curve of {sensor}", "Punkte und Kurve von {sensor}";
    MODEL_LINEAR = "Straight line", "Gerade";
    MODEL_TWO_POINT = "Line through two points", "Gerade durch zwei Punkte";
    MODEL_PIECEWISE = "Lines from point to point", "Strecken von Punkt zu Punkt";
    MODEL_POLYNOMIAL = "Polynomial", "Polynom";
    MODEL_STEINHART_HART = "Thermistor (Steinhart–Hart)", "Thermistor (Steinhart–Hart)";
    DEGREE = "Degree", "Grad";
    TWO_POINTS = "Two points are needed.", "Zwei Punkte sind nötig.";
    FIT_QUALITY = "Root mean square {rmse}, worst {worst}, R² {r}", "Mittlere Abweichung {rmse}, größte {worst}, R² {r}";
    FIT_TURNS = "The curve turns round at raw {raw}, {place}, where the references do not.", "Die Kurve kehrt bei der Rohzahl {raw} um, {place}, obwohl die Referenzen das nicht tun.";
    FIT_FAR = "The value at raw {raw}, {place}, is {value}, far from all references.", "Der Wert bei der Rohzahl {raw}, {place}, ist {value}, weit weg von allen Referenzen.";
    FIT_NOTHING = "The model has no value at raw {raw}, {place}.", "Das Modell hat bei der Rohzahl {raw}, {place}, keinen Wert.";
    BETWEEN_POINTS = "between the points", "zwischen den Punkten";
    NEAR_POINTS = "near the points", "in der Nähe der Punkte";
    EFFECT = "What it would make of the last week", "Was es aus der letzten Woche machen würde";
    NO_EFFECT = "There are no readings of the last week to compare.", "Aus der letzten Woche gibt es keine Messwerte zum Vergleichen.";
    BEFORE = "as stored", "wie gespeichert";
    AFTER = "with this model", "mit diesem Modell";
    SHIFT = "on average {mean}, at most {most}", "im Mittel {mean}, höchstens {most}";
    VALID_FROM_EXPLAINED = "Without a time it is valid from now. Earlier readings change only when they are computed again.", "Ohne Zeitpunkt gilt sie ab jetzt. Frühere Messwerte ändern sich erst, wenn sie neu berechnet werden.";
    ENTER_CALIBRATION = "Enter as new version", "Als neue Version eintragen";
    CALIBRATION_ENTERED = "Version {version} is entered", "Version {version} ist eingetragen";
    RECALCULATE_EXPLAINED = "Readings since then were stored with an older version.", "Messwerte seither wurden mit einer älteren Version gespeichert.";
    RECALCULATE = "Compute them again", "Neu berechnen";
    NOTHING_TO_RECALCULATE = "It applies to what arrives from now on.", "Sie gilt für alles, was ab jetzt ankommt.";
    RECALCULATED = "{seen} read, {changed} changed", "{seen} gelesen, {changed} geändert";
    BEGINS = "Begins", "Beginnt";
    JOB_WAITING = "Waits", "Wartet";
    JOB_RUNNING = "Runs", "Läuft";
    JOB_DONE = "Done", "Fertig";
    JOB_CANCELLED = "Replaced by a later one", "Von einer späteren ersetzt";
    JOB_FAILED = "Failed", "Fehlgeschlagen";

    // Why nothing can be fitted.
    UNFIT_TOO_MANY = "There are more points than can be fitted.", "Das sind mehr Punkte, als angepasst werden können.";
    UNFIT_DEGREE = "The degree must be 1 to 9.", "Der Grad muss zwischen 1 und 9 liegen.";
    UNFIT_NUMBER = "Point {number}: this number is too large or too small to be stored.", "Punkt {number}: Diese Zahl ist zu groß oder zu klein, um gespeichert zu werden.";
    UNFIT_SAME = "All raw numbers are {raw}, which does not determine a model.", "Alle Rohzahlen sind {raw}; das bestimmt kein Modell.";
    UNFIT_TOO_FEW = "This model needs at least {needed} different raw numbers, and there are {found}.", "Dieses Modell braucht mindestens {needed} verschiedene Rohzahlen; vorhanden: {found}.";
    UNFIT_TOO_WIDE = "The raw numbers span {width}, too much for a polynomial. A chain with a linear step can scale them first.", "Die Rohzahlen umfassen {width}, zu viel für ein Polynom. Eine Kette mit einem linearen Schritt kann sie vorher skalieren.";
    UNFIT_TOO_UNEVEN = "Some raw numbers are almost equal compared with the others, which does not determine this model.", "Einige Rohzahlen sind im Vergleich zu den anderen fast gleich; das bestimmt dieses Modell nicht.";
    UNFIT_TOO_FAR = "The raw numbers, {lowest} to {highest}, are so far from 0 that this model would lose its digits. A chain with a linear step can subtract an offset first.", "Die Rohzahlen, {lowest} bis {highest}, liegen so weit von 0 entfernt, dass dieses Modell seine Stellen verlöre. Eine Kette mit einem linearen Schritt kann vorher einen festen Betrag abziehen.";
    UNFIT_EXTREME = "The coefficients are too large or too small to be stored.", "Die Koeffizienten sind zu groß oder zu klein, um gespeichert zu werden.";
    UNFIT_NO_RESISTANCE = "Point {number}: a resistance must be above 0 ohm.", "Punkt {number}: Ein Widerstand muss über 0 Ohm liegen.";
    UNFIT_TOO_COLD = "Point {number}: a temperature must be above −273.15 °C.", "Punkt {number}: Eine Temperatur muss über −273,15 °C liegen.";
    UNFIT_TOO_CLOSE = "The resistances are too close together to determine the three coefficients.", "Die Widerstände liegen zu nah beieinander, um die drei Koeffizienten zu bestimmen.";
    UNFIT_NO_VALUE = "No model of this kind has a value near point {number}.", "Kein Modell dieser Art hat einen Wert in der Nähe von Punkt {number}.";
    UNFIT_INVALID = "These points make no valid calibration: {detail}.", "Diese Punkte ergeben keine gültige Kalibrierung: {detail}.";
}
