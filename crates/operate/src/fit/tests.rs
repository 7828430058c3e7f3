use super::*;

const POINTS: &str = "raw,reference\n# taken on a cold day\n0, 1.0\n1,1.0\n\n2,4\n3,5.5\n";

fn pairs(text: &str) -> Vec<(f64, f64)> {
    points::read(text).unwrap().iter().map(|point| (point.raw, point.reference)).collect()
}

fn options(model: Wanted, degree: usize) -> Options {
    Options { points: PathBuf::new(), model, degree, outside: Beyond::Clamp, plot: None }
}

#[test]
fn points_are_read_however_they_are_divided() {
    let expected = [(0.5, 1.25), (-2.0, 3000.0)];
    for text in [
        "0.5,1.25\n-2,3e3\n",
        "\u{feff}raw;reference\r\n0,5;1,25\r\n-2;3000,0\r\n",
        "0.5\t1.25\tremark\n-2\t3000\n",
        "# a, b\nRaw, Reference\n 0.5 , 1.25\n\n-2,3000",
    ] {
        assert_eq!(pairs(text), expected, "{text:?}");
    }
    assert_eq!(points::read(POINTS).unwrap()[2], Point { raw: 2.0, reference: 4.0, line: 6 });
}

#[test]
fn a_line_that_is_no_point_is_named() {
    for (text, said) in [
        ("0,1\n1,abc\n", "line 2 has no two numbers, raw and reference: 1,abc"),
        ("0,1\n5\n", "line 2"),
        ("0,x\n", "line 1"),
        ("", "no points"),
        ("raw,reference\n", "no points"),
    ] {
        let error = format!("{:#}", points::read(text).unwrap_err());
        assert!(error.contains(said), "{text:?}: {error}");
    }
}

#[test]
fn the_page_says_all_there_is_to_say() {
    let points = points::read(POINTS).unwrap();
    let fitted = fit(Kind::Linear, &pairs(POINTS)).unwrap();
    let page = page("linear", &fitted, &points).unwrap();
    for said in [
        "linear through 4 points",
        "    4              1              1           2.05        -1.05  ← worst",
        "RMSE      0.627495",
        "R²        0.89629630",
        "largest   1.05",
        "model     {\"model\":\"linear\",\"slope\":1.6",
        "    6              2              4            3.7          0.3",
    ] {
        assert!(page.contains(said), "{said} is not in\n{page}");
    }
}

#[test]
fn the_page_warns_of_a_curve_that_turns_round() {
    let text: String = (0..=10).map(|raw| format!("{raw},{}\n", 144 - (raw - 12) * (raw - 12))).collect();
    let fitted = fit(options(Wanted::Polynomial, 2).kind(), &pairs(&text)).unwrap();
    let page = page("polynomial", &fitted, &points::read(&text).unwrap()).unwrap();
    assert!(
        page.ends_with("\nwarning   the curve turns round at raw 12, near the points, where the references do not"),
        "{page}"
    );
}

#[test]
fn a_refusal_names_the_line_or_the_option() {
    let points = points::read("raw,reference\n0,1\n1e200,2\n").unwrap();
    let refused = |options: &Options| {
        let pairs: Vec<_> = points.iter().map(|point| (point.raw, point.reference)).collect();
        told(fit(options.kind(), &pairs).unwrap_err(), &points).to_string()
    };
    assert!(refused(&options(Wanted::Linear, 2)).starts_with("line 3: "), "{}", refused(&options(Wanted::Linear, 2)));
    let points = points::read("0,1\n1,2\n2,3\n").unwrap();
    let pairs: Vec<_> = points.iter().map(|point| (point.raw, point.reference)).collect();
    let high = told(fit(options(Wanted::Polynomial, 3).kind(), &pairs).unwrap_err(), &points).to_string();
    assert!(high.starts_with("--degree: ") && high.contains("at least 4"), "{high}");
}

#[test]
fn the_picture_shows_every_point_twice_and_names_the_model() {
    let folder = std::env::temp_dir().join(format!("weir-fit-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, kind, points) in [
        ("line", Kind::Linear, POINTS),
        ("one-height", Kind::Linear, "0,4\n1,4\n2,4\n"),
        ("thermistor", Kind::SteinhartHart, "201100,-50\n9796,0\n3000,25\n116.8,120\n"),
    ] {
        let file = folder.join(format!("{name}.svg"));
        let pairs = pairs(points);
        plot::draw(&file, name, &fit(kind, &pairs).unwrap(), &pairs).unwrap();
        let picture = std::fs::read_to_string(&file).unwrap();
        assert_eq!(picture.matches("<circle").count(), 2 * pairs.len(), "{name}");
        assert!(picture.contains(name) && picture.contains("polyline"), "{name}");
        assert!(!picture.contains("NaN") && !picture.contains("inf"), "{name}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn numbers_have_six_digits_and_no_idle_zeros() {
    for (one, text) in [
        (0.0, "0"),
        (1.65, "1.65"),
        (-0.012_345_678, "-0.0123457"),
        (201_100.0, "201100"),
        (1.5e-9, "1.500e-9"),
        (3e12, "3.000e12"),
    ] {
        assert_eq!(number(one), text);
    }
}
