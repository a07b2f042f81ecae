//! The options of `pipe dev`.

use std::net::{IpAddr, Ipv4Addr};

use clap::Args;

use super::{ConsentArgs, FileArgs};

#[derive(Debug, Args)]
pub struct DevArgs {
    #[command(flatten)]
    pub spec: FileArgs,
    /// Port of the API; 0 takes a free one
    #[arg(long, default_value_t = 3000)]
    pub port: u16,
    /// Address that the API listens on; any but 127.0.0.1 lets others in: containers, the network
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub host: IpAddr,
    /// Port of the console, the page that shows what runs; only this machine reaches it
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub console_port: u16,
    /// Serve no console, and record no events for it
    #[arg(long, conflicts_with = "console_port")]
    pub no_console: bool,
    #[command(flatten)]
    pub consent: ConsentArgs,
}
