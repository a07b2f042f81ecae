//! What the network of a plan costs, and what it uses of others'.

use super::{Around, Reach};
use crate::aws::Place;
use crate::bundle::Codes;
use crate::lower::Lowering;
use crate::spec::{Loaded, Way};

/// Hours of a month, as AWS counts them.
const HOURS: usize = 730;
/// US cents for an interface endpoint in one zone and one hour, where it costs least
/// (<https://aws.amazon.com/privatelink/pricing/>).
const CENTS: usize = 1;

/// Returns what a plan says of the network.
pub fn notes(loaded: &Loaded, place: &Place) -> Vec<String> {
    let codes = Codes::unbuilt();
    let lowering = Lowering::of(loaded, place, &codes);
    let Some(around) = Around::of(&lowering).filter(|_| loaded.vpc.is_some()) else { return Vec::new() };
    let mut notes: Vec<String> = price(&around).into_iter().collect();
    for (service, way) in &around.services {
        let Reach::Theirs(endpoint) = around.reach(service, *way) else { continue };
        let id = &endpoint.id;
        let lets = match endpoint.groups.is_empty() {
            true => "its policy must let them through".to_owned(),
            false => {
                let groups: Vec<&str> = endpoint.groups.iter().map(String::as_str).collect();
                format!("its policy and the security group {} must let them through", groups.join(", "))
            }
        };
        notes.push(format!(
            "the functions reach `{service}` by the endpoint `{id}`, which is not the pipeline's: {lets}"
        ));
    }
    if let Some(Reach::Theirs(endpoint)) = around.door() {
        let id = &endpoint.id;
        notes.push(format!(
            "requests reach the private API by the endpoint `{id}`, which is not the pipeline's: its policy and its security groups must let them through"
        ));
    }
    notes
}

fn price(around: &Around<'_>) -> Option<String> {
    let door = around.door().filter(|door| matches!(door, Reach::Own));
    let interfaces = around.own().filter(|(_, way)| *way == Way::Interface).count() + door.iter().count();
    let zones = around.network.vpc.subnets.len();
    let cents = interfaces * zones * HOURS * CENTS;
    let plural = |count: usize, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    (interfaces > 0).then(|| {
        format!(
            "{} in {}: about ${}.{:02} a month, and more for what goes through",
            plural(interfaces, "interface endpoint"),
            plural(zones, "zone"),
            cents / 100,
            cents % 100
        )
    })
}
