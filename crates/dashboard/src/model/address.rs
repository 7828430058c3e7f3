//! The query of the address, which contains what a page shows: filters, span, sensors. Everybody who opens the address sees the same.

/// The name–value pairs of a query, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Parses a query, with or without its question mark.
    pub fn parse(text: &str) -> Self {
        let text = text.strip_prefix('?').unwrap_or(text);
        Self(
            form_urlencoded::parse(text.as_bytes())
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    /// The first value of a parameter, if it is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// All values of a parameter.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The query with this value in place of all values of the parameter; without the parameter if the value is `None` or empty.
    #[must_use]
    pub fn with(mut self, name: &str, value: Option<&str>) -> Self {
        self.0.retain(|(known, _)| known != name);
        self.0.extend(value.filter(|value| !value.is_empty()).map(|value| (name.to_owned(), value.to_owned())));
        self
    }

    /// The query with these values in place of all values of the parameter.
    #[must_use]
    pub fn with_all<'a>(mut self, name: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        self.0.retain(|(known, _)| known != name);
        self.0.extend(values.into_iter().map(|value| (name.to_owned(), value.to_owned())));
        self
    }

    /// A path with this query.
    pub fn address(&self, path: &str) -> String {
        let text = self.to_string();
        if text.is_empty() { path.to_owned() } else { format!("{path}?{text}") }
    }
}

impl std::fmt::Display for Query {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish())
    }
}

/// Escapes a text as one segment of a path: an id never becomes a further segment or a query.
pub fn part(text: &str) -> String {
    // Forms encode a space as `+`, paths as `%20`.
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_changed_and_written() {
        let query = Query::parse("?q=a%20b&sensor=ph&sensor=do&empty=");
        assert_eq!((query.get("q"), query.get("empty"), query.get("none")), (Some("a b"), None, None));
        assert_eq!(query.all("sensor").collect::<Vec<_>>(), ["ph", "do"]);
        let changed = query.with("q", Some("x&y=1")).with("empty", None).with_all("sensor", ["ec"]);
        assert_eq!(changed.address("/app/"), "/app/?q=x%26y%3D1&sensor=ec");
        assert_eq!(Query::parse(&changed.to_string()), changed);
        assert_eq!(Query::default().address("/app/"), "/app/");
    }

    #[test]
    fn an_id_stays_one_part_of_the_path() {
        assert_eq!(part("a/../b ?x#y"), "a%2F..%2Fb%20%3Fx%23y");
        assert_eq!(part("buoy-01:do:low-oxygen"), "buoy-01%3Ado%3Alow-oxygen");
    }
}
