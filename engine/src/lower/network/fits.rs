//! What does not go together in a VPC, as far as it matters to the endpoints that the pipeline makes there.

use super::{Around, door};
use crate::aws::Place;
use crate::aws::vpc::{Endpoint, service_name};
use crate::bundle::Codes;
use crate::error::{Error, Result};
use crate::lower::Lowering;
use crate::owner::PIPELINE;
use crate::spec::{Loaded, Way};

/// Refuses two subnets of one zone, and zones in which a service has no endpoints. An endpoint of somebody else's is as it is.
///
/// # Errors
/// The first that does not go together, with its place in the file.
pub fn fits(loaded: &Loaded, place: &Place) -> Result<()> {
    let codes = Codes::unbuilt();
    let lowering = Lowering::of(loaded, place, &codes);
    let Some(around) = Around::of(&lowering).filter(|_| loaded.vpc.is_some()) else { return Ok(()) };
    let own = around.own().filter(|(_, way)| *way == Way::Interface).map(|(service, _)| service);
    let door = around.door().filter(|door| matches!(door, super::Reach::Own)).map(|_| door::SERVICE);
    for service in own.chain(door) {
        let told = around.twice_in_a_zone().or_else(|| around.lacking(service, place));
        let told = told.map(|(index, message, hint)| (format!("/network/vpc/subnets/{index}"), message, hint));
        if let Some((path, message, hint)) = told.or_else(|| around.taken(service)) {
            return Err(Error::fatal(format!("{}: {message}", loaded.notes.place_of(&path))).hint(hint));
        }
    }
    Ok(())
}

/// Which subnet it is about, the message, and what to do.
type Told = (usize, String, &'static str);

impl Around<'_> {
    fn twice_in_a_zone(&self) -> Option<Told> {
        let (zones, subnets) = (&self.vpc.zones, &self.network.vpc.subnets);
        let again = |(index, zone): (usize, &String)| {
            zones[..index].iter().position(|other| other == zone).map(|other| (other, index, zone.clone()))
        };
        let (other, index, zone) = zones.iter().enumerate().find_map(again)?;
        let message =
            format!("the subnets `{}` and `{}` are both in the zone `{zone}`", subnets[other], subnets[index]);
        let hint = "an endpoint has one network interface in a zone: take one of the two out of `network.vpc.subnets`";
        Some((index, message, hint))
    }

    /// A name leads to one endpoint in a VPC, and that of another pipeline lets its own roles through alone.
    fn taken(&self, service: &str) -> Option<(String, String, &'static str)> {
        let other = |one: &&Endpoint| {
            let ours = one.tags.get(PIPELINE) == Some(&self.lowering.spec.name);
            one.service == service && one.private_dns && !ours && !one.state.starts_with("delet")
        };
        let other = self.vpc.endpoints.iter().find(other).filter(|_| self.is_private(service))?;
        let whose = other
            .tags
            .get(PIPELINE)
            .map_or_else(|| "somebody else".to_owned(), |name| format!("the pipeline `{name}`"));
        let message = format!("the name of `{service}` leads to `{}` of {whose} in this VPC already", other.id);
        let hint = "leave `private_dns` out: the functions are then told the endpoint's own name";
        Some(("/network/private_dns".to_owned(), message, hint))
    }

    fn lacking(&self, service: &str, place: &Place) -> Option<Told> {
        let offered = self.vpc.offered.get(service)?;
        let index = self.vpc.zones.iter().position(|zone| !offered.contains(zone))?;
        let (zone, subnet) = (&self.vpc.zones[index], &self.network.vpc.subnets[index]);
        let name = service_name(&place.region, service);
        let message = format!("`{name}` has no endpoints in the zone `{zone}` of the subnet `{subnet}`");
        let hint = match service {
            door::SERVICE => {
                "name a subnet of another zone, or an endpoint that is there in `source.api.private.endpoints`"
            }
            _ => "name a subnet of another zone, or take the service out of `network.endpoints`",
        };
        Some((index, message, hint))
    }
}
