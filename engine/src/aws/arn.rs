//! What ARNs say.

/// The rest of an ARN of this service after a mark, as in `:rule/`; nothing of any other.
pub fn named_in<'a>(arn: &'a str, service: &str, mark: &str) -> Option<&'a str> {
    let (head, name) = arn.split_once(mark)?;
    (head.split(':').nth(2) == Some(service)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_services_arn_names_nothing() {
        let arn = "arn:aws:iot:eu-central-1:111122223333:rule/demo";
        assert_eq!(named_in(arn, "iot", ":rule/"), Some("demo"));
        assert_eq!(named_in(arn, "events", ":rule/"), None);
        assert_eq!(named_in(arn, "iot", ":thing/"), None);
    }
}
