//! Hosts of AWS's services.

use crate::aws::Place;

/// The endpoint of AWS's own rules for a service without exceptions
/// (<https://docs.aws.amazon.com/general/latest/gr/rande.html>). GovCloud's plain hosts are FIPS's.
pub fn host(name: &str, place: &Place, fips: bool, dual: bool) -> String {
    let fips = if fips && place.partition != "aws-us-gov" { "-fips" } else { "" };
    let domain = match (dual, place.partition.as_str()) {
        (false, _) => place.domain(),
        (true, "aws-cn") => "api.amazonwebservices.com.cn",
        (true, _) => "api.aws",
    };
    match (name, dual) {
        // An exception (https://docs.aws.amazon.com/AmazonS3/latest/userguide/dual-stack-endpoints.html).
        ("s3", true) => format!("https://s3{fips}.dualstack.{}.{}", place.region, place.domain()),
        _ => format!("https://{name}{fips}.{}.{domain}", place.region),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::mocked;

    #[test]
    fn the_endpoint_is_that_of_the_partition() {
        let place = |partition: &str, region: &str| Place {
            partition: partition.to_owned(),
            region: region.to_owned(),
            ..mocked::place()
        };
        let (ireland, china, gov) =
            (place("aws", "eu-west-1"), place("aws-cn", "cn-north-1"), place("aws-us-gov", "us-gov-west-1"));
        assert_eq!(host("ssm", &ireland, false, false), "https://ssm.eu-west-1.amazonaws.com");
        assert_eq!(host("ssm", &ireland, true, false), "https://ssm-fips.eu-west-1.amazonaws.com");
        assert_eq!(host("ssm", &ireland, false, true), "https://ssm.eu-west-1.api.aws");
        assert_eq!(
            host("streams.dynamodb", &ireland, false, false),
            "https://streams.dynamodb.eu-west-1.amazonaws.com"
        );
        assert_eq!(host("ssm", &china, false, false), "https://ssm.cn-north-1.amazonaws.com.cn");
        assert_eq!(host("ssm", &gov, true, false), "https://ssm.us-gov-west-1.amazonaws.com");
        assert_eq!(host("s3", &ireland, false, false), "https://s3.eu-west-1.amazonaws.com");
        assert_eq!(host("s3", &china, false, true), "https://s3.dualstack.cn-north-1.amazonaws.com.cn");
    }
}
