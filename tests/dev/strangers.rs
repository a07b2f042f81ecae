//! A stranger to the session gets nothing from the endpoint of a running `pipe dev`: no web page, and no other user of this
//! machine.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use aws_sdk_lambda::primitives::Blob;

use super::dev::{Dev, MAIN, cache, wait};
use super::process::{Started, tree};

const SCOPE: &str = "20260101/eu-central-1";

#[test]
fn strangers_get_nothing() {
    let dev = Dev::new(MAIN);
    let url = dev.session()["endpoint_url"].as_str().unwrap().to_owned();
    let address = url.strip_prefix("http://").unwrap();
    what_a_page_sends_unasked_is_refused(address);
    no_made_up_key_is_taken(&dev, address);
    what_is_not_signed_is_refused(address);
    nothing_was_made(&dev);
    ministack_is_not_reachable(&dev);
    files_are_the_owners_alone(&dev);
    ministack_runs_no_code(&dev);
}

/// The answer to a request that is written as it is, which must be a 403 that no page may read.
fn refused(address: &str, method: &str, path: &str, headers: &str, body: &str) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n");
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (of, answer) = (format!("{method} {path}\n{headers}"), answer.to_ascii_lowercase());
    assert!(answer.starts_with("http/1.1 403 "), "{of}\n{answer}");
    assert!(!answer.contains("access-control-"), "{of}\n{answer}");
}

/// Makes a role, makes a function that runs Python, runs it; and reads the secret.
fn attacks() -> [(&'static str, &'static str, &'static str); 4] {
    let role = "Action=CreateRole&Version=2010-05-08&RoleName=evil&AssumeRolePolicyDocument=%7B%7D";
    let function = r#"{"FunctionName": "evil", "Runtime": "python3.12", "Role": "arn:aws:iam::000000000000:role/evil",
        "Handler": "m.f", "Code": {"ZipFile": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="}}"#;
    let secret = r#"{"SecretId": "gateway-events-auth"}"#;
    [
        ("iam", "/", role),
        ("lambda", "/2015-03-31/functions", function),
        ("lambda", "/2015-03-31/functions/evil/invocations", "{}"),
        ("secretsmanager", "/", secret),
    ]
}

fn in_the_query(key: &str, service: &str) -> String {
    let scope = format!("{key}/{SCOPE}/{service}/aws4_request").replace('/', "%2F");
    format!("?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={scope}&X-Amz-SignedHeaders=host&X-Amz-Signature=0")
}

fn in_a_header(key: &str, service: &str) -> String {
    let scope = format!("{key}/{SCOPE}/{service}/aws4_request");
    format!("Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0\r\n")
}

/// With a page's own headers; without them, as an old browser; and under a name that leads here.
fn what_a_page_sends_unasked_is_refused(address: &str) {
    let text = "Content-Type: text/plain\r\n";
    let here = format!("{text}Host: {address}\r\n");
    let page = format!("{here}Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n");
    let port = address.rsplit(':').next().unwrap();
    let rebound = format!("{text}Host: evil.example:{port}\r\nSec-Fetch-Site: same-origin\r\n");
    for (service, path, body) in attacks() {
        let query = in_the_query("000000000000", service);
        for headers in [&page, &here, &rebound] {
            refused(address, "POST", &format!("{path}{query}"), headers, body);
            refused(address, "OPTIONS", path, headers, "");
            refused(address, "POST", path, &format!("{headers}{}", in_a_header("000000000000", service)), body);
        }
    }
}

fn no_made_up_key_is_taken(dev: &Dev, address: &str) {
    let root = dev.session()["keys"][0].as_str().unwrap().to_owned();
    for key in ["000000000000", "111122223333", "AKIAIOSFODNN7EXAMPLE", &root] {
        for (service, path, body) in attacks() {
            let headers = format!("Host: {address}\r\n{}", in_a_header(key, service));
            refused(address, "POST", path, &headers, body);
        }
    }
}

fn what_is_not_signed_is_refused(address: &str) {
    let code = "/_ministack/lambda-code/000000000000/eu-central-1/gateway-events-consumer";
    for path in ["/", "/_ministack/health", "/2015-03-31/functions", "/restapis", code] {
        refused(address, "GET", path, &format!("Host: {address}\r\n"), "");
    }
    refused(address, "POST", "/_ministack/reset", &format!("Host: {address}\r\n"), "");
}

fn nothing_was_made(dev: &Dev) {
    let sdk = dev.sdk();
    let role = wait(aws_sdk_iam::Client::new(&sdk).get_role().role_name("evil").send());
    assert!(role.unwrap_err().as_service_error().unwrap().is_no_such_entity_exception());
    let function = wait(aws_sdk_lambda::Client::new(&sdk).get_function().function_name("evil").send());
    assert!(function.unwrap_err().as_service_error().unwrap().is_resource_not_found_exception());
}

/// It listens on its socket alone, in a folder of its own.
fn ministack_is_not_reachable(dev: &Dev) {
    let processes = tree(dev.process());
    let is_it = |command: &str| command.contains("/ministack.py ") && !command.contains(" supervise ");
    let ministack = processes.iter().find(|one| is_it(&one.command)).unwrap();
    let socket = Path::new(ministack.command.rsplit(' ').next().unwrap());
    let folder = fs::metadata(socket.parent().unwrap()).unwrap();
    assert_eq!((folder.mode() & 0o7777, folder.uid()), (0o700, rustix::process::geteuid().as_raw()));
    assert!(listening().iter().all(|inode| !open_sockets(ministack.pid).contains(inode)), "it listens on a port");
}

/// Not even for the session's root: a function runs under `pipe dev`'s supervisor alone, whoever made it.
fn ministack_runs_no_code(dev: &Dev) {
    let (lambda, proof) = (aws_sdk_lambda::Client::new(&dev.sdk()), dev.path().join("it-ran"));
    let consumer = wait(lambda.get_function().function_name("gateway-events-consumer").send()).unwrap();
    let code = format!("import os\ndef f(e, c):\n    open({:?}, 'w').write(str(os.getppid()))\n", proof);
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("m.py", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(code.as_bytes()).unwrap();
    let zip = Blob::new(zip.finish().unwrap().into_inner());
    let code = aws_sdk_lambda::types::FunctionCode::builder().zip_file(zip).build();
    let create = lambda.create_function().function_name("theirs").runtime("python3.12".into()).handler("m.f");
    wait(create.role(consumer.configuration().unwrap().role().unwrap()).code(code).send()).unwrap();
    let answer = wait(lambda.invoke().function_name("theirs").payload(Blob::new("{}")).send()).unwrap();
    assert!(answer.function_error().is_none(), "{answer:?}");
    let parent = fs::read_to_string(proof).unwrap();
    let processes = tree(dev.process());
    let parent = processes.iter().find(|one| one.pid.to_string() == parent).expect("a child of `pipe dev`");
    assert!(parent.command.contains(" supervise "), "{}", parent.command);
}

/// The inodes of sockets that take TCP connections on this machine; see proc_pid_net(5).
fn listening() -> Vec<String> {
    const LISTEN: &str = "0A";
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| fs::read_to_string(table).unwrap_or_default());
    let rows = tables.iter().flat_map(|table| table.lines().skip(1));
    let rows = rows.map(|row| row.split_whitespace().collect::<Vec<_>>());
    let found: Vec<String> = rows.filter(|row| row[3] == LISTEN).map(|row| row[9].to_owned()).collect();
    assert!(!found.is_empty(), "`pipe dev` itself listens");
    found
}

fn open_sockets(pid: u32) -> Vec<String> {
    let links = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
    let links = links.filter_map(|link| fs::read_link(link.path()).ok());
    let inode = |link: PathBuf| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned());
    links.filter_map(inode).collect()
}

fn files_are_the_owners_alone(dev: &Dev) {
    let folder = cache().join("dev");
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!((mode(&cache()), mode(&folder)), (0o700, 0o700));
    let spec = dev.path().join("pipeline.yaml").canonicalize().unwrap();
    let entries = fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path());
    let is_its = |path: &PathBuf| fs::read_to_string(path).is_ok_and(|text| text.contains(spec.to_str().unwrap()));
    let session = entries.into_iter().find(is_its).unwrap();
    for extension in ["json", "applied", "log"] {
        assert_eq!(mode(&session.with_extension(extension)), 0o600, "{extension}");
    }
}

#[test]
fn a_cache_that_others_write_in_is_refused() {
    let (folder, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(folder.path().join("pipeline.yaml"), MAIN).unwrap();
    fs::set_permissions(shared.path(), fs::Permissions::from_mode(0o1777)).unwrap();
    let mut dev = Started::of(folder.path(), |command| {
        command.env("PIPE_CACHE", shared.path());
    });
    assert_eq!(dev.end().0, Some(1), "{}", dev.err());
    assert!(
        dev.err().contains("it is a folder that users share\n  hint: name a folder of your own with PIPE_CACHE"),
        "{}",
        dev.err()
    );
}
