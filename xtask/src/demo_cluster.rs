//! `cargo xtask demo-cluster`: four game servers, a broker, a balancer and two hundred bots that find or open rooms. One
//! server is drained and a new one takes its place, one is killed, the broker is restarted; what the players saw of it is
//! printed.

use std::error::Error;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::build::target_dir;
use crate::examples;
use crate::machine::{Tool, provide};
use crate::process::{Process, number_after};

const SERVERS: usize = 4;
const BOTS: &str = "200";
const SECONDS: u64 = 20;
/// When what happens, in seconds after the bots have begun.
const DRAIN: u64 = 5;
const KILL: u64 = 9;
const RESTART: u64 = 13;
/// How long the broker stays away.
const OUTAGE: Duration = Duration::from_secs(1);
/// How much longer than planned anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

const BROKER: Tool = Tool::new("nats-server", "nats-server");
const BALANCER: Tool = Tool::new("haproxy", "haproxy");

const BAD_NAME: &str = "the target directory's name is not UTF-8";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

pub fn run() -> Result<()> {
    if !cfg!(unix) {
        return Err("the demo needs the signals of Unix".into());
    }
    provide(&[BROKER], &[BALANCER])?;
    let broker = BROKER.path().ok_or("there is no nats-server")?;
    let programs = examples::build_cluster()?;
    Demo::begin(&programs, &broker)?.run()
}

struct Server {
    name: String,
    port: String,
    process: Process,
}

struct Demo {
    programs: PathBuf,
    broker_program: PathBuf,
    broker_port: String,
    broker: Option<Process>,
    servers: Vec<Server>,
    /// None: the bots go to the servers' own ports.
    balancer: Option<Balancer>,
    doors: Vec<String>,
}

impl Demo {
    fn begin(programs: &Path, broker: &Path) -> Result<Self> {
        let broker_port = free_port()?;
        println!("\nA broker and {SERVERS} game servers:\n");
        let mut demo = Self {
            programs: programs.to_owned(),
            broker_program: broker.to_owned(),
            broker: None,
            broker_port,
            servers: Vec::new(),
            balancer: None,
            doors: Vec::new(),
        };
        demo.start_broker()?;
        for number in 1..=SERVERS {
            demo.start_server(number, "0")?;
        }
        demo.doors = demo.servers.iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
        match BALANCER.path() {
            Some(program) => {
                let balancer = Balancer::start(&program, &demo.doors)?;
                demo.doors = vec![format!("127.0.0.1:{}", balancer.port)];
                demo.balancer = Some(balancer);
            }
            None => println!(
                "\nThere is no haproxy (Debian: apt-get install haproxy): the bots go to the servers' own ports"
            ),
        }
        Ok(demo)
    }

    fn start_broker(&mut self) -> Result<()> {
        let log = target_dir().join("examples/nats-server.log");
        let log = log.to_str().ok_or(BAD_NAME)?;
        let arguments = ["-a", "127.0.0.1", "-p", &self.broker_port, "-l", log];
        self.broker = Some(Process::start("broker", &self.broker_program, &arguments, |_| false)?);
        Ok(())
    }

    fn start_server(&mut self, number: usize, port: &str) -> Result<()> {
        let name = format!("server{number}");
        let broker = format!("nats://127.0.0.1:{}", self.broker_port);
        let program = self.programs.join("room_server");
        // The limit is for the case that this program is killed: nobody would stop the servers then.
        let limit = (SECONDS + 2 * PATIENCE.as_secs()).to_string();
        let arguments = [port, "--broker", &broker, "--seconds", &limit];
        let mut process = Process::start(&name, &program, &arguments, |_| true)?;
        let line = process.wait_for_line("listening ", PATIENCE)?;
        process.wait_for_line("broker: up", PATIENCE)?;
        let port = line.rsplit(' ').next().unwrap_or_default().to_owned();
        self.servers.push(Server { name, port, process });
        Ok(())
    }

    fn run(mut self) -> Result<()> {
        println!("\n{BOTS} bots for {SECONDS} seconds, at {}:\n", self.doors.join(" "));
        let seconds = SECONDS.to_string();
        let mut arguments = vec![BOTS, &seconds];
        arguments.extend(self.doors.iter().map(String::as_str));
        let mut bots = Process::start("bots", &self.programs.join("room_bots"), &arguments, |_| true)?;

        let began = Instant::now();
        let until = |seconds| sleep(Duration::from_secs(seconds).saturating_sub(began.elapsed()));

        until(DRAIN);
        println!("  after {DRAIN} s: server1 is drained, and a new one takes its place");
        let Server { name, mut process, port } = self.servers.remove(0);
        if let Some(balancer) = &self.balancer {
            balancer.set(&name, "drain")?;
        }
        process.terminate()?;
        let of_drained = process.wait_for_end(PATIENCE)?;
        self.start_server(SERVERS + 1, &port)?;
        if let Some(balancer) = &self.balancer {
            balancer.set(&name, "ready")?;
        }

        until(KILL);
        println!("  after {KILL} s: server2 is killed");
        self.servers.remove(0);

        until(RESTART);
        println!("  after {RESTART} s: the broker is killed, and started again {} s later", OUTAGE.as_secs());
        self.broker = None;
        sleep(OUTAGE);
        self.start_broker()?;

        let of_bots = bots.wait_for_end(Duration::from_secs(SECONDS) + PATIENCE)?;
        let mut of_servers = vec![("server1".to_owned(), of_drained)];
        for Server { name, mut process, .. } in self.servers {
            process.terminate()?;
            of_servers.push((name, process.wait_for_end(PATIENCE)?));
        }
        summary(&of_bots, &of_servers)
    }
}

/// HAProxy in front of the servers.
struct Balancer {
    _process: Process,
    port: String,
    control: PathBuf,
}

impl Balancer {
    fn start(program: &Path, doors: &[String]) -> Result<Self> {
        let port = free_port()?;
        let folder = target_dir().join("examples");
        let control = folder.join("haproxy.sock");
        let servers: String = (1..)
            .zip(doors)
            .map(|(number, door)| format!("    server server{number} {door} check\n"))
            .collect();
        let config = format!(
            "global\n    maxconn 4000\n    stats socket {} mode 600 level admin\n\
             defaults\n    mode tcp\n    timeout connect 1s\n    timeout client 1h\n    timeout server 1h\n    \
             retries 3\n    option redispatch 1\n    default-server inter 200ms fall 1 rise 1\n\
             listen rooms\n    bind 127.0.0.1:{port}\n    balance leastconn\n{servers}",
            control.display()
        );
        let path = folder.join("haproxy.cfg");
        std::fs::write(&path, config)?;
        let process =
            Process::start("haproxy", program, &["-db", "-f", path.to_str().ok_or(BAD_NAME)?], |_| false)?;
        Ok(Self { _process: process, port, control })
    }

    /// Newcomers are sent to that server, or ("drain") to the others only.
    #[cfg(unix)]
    fn set(&self, server: &str, state: &str) -> Result<()> {
        use std::io::{Read, Write};
        let mut control = std::os::unix::net::UnixStream::connect(&self.control)?;
        control.write_all(format!("set server rooms/{server} state {state}\n").as_bytes())?;
        let mut answer = String::new();
        control.read_to_string(&mut answer)?;
        if answer.trim().is_empty() { Ok(()) } else { Err(format!("haproxy says: {answer}").into()) }
    }

    #[cfg(not(unix))]
    fn set(&self, _: &str, _: &str) -> Result<()> {
        Err(format!("{} is no socket here", self.control.display()).into())
    }
}

fn free_port() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string())
}

/// Says what was measured, and fails where it cannot have been a whole game.
fn summary(bots: &[String], servers: &[(String, Vec<String>)]) -> Result<()> {
    println!("\nWhat the players saw:");
    for line in bots {
        println!("  {line}");
    }
    println!("\nWhat the servers counted (server2 was killed and cannot tell):");
    let (mut heard, mut missed) = (0.0, 0.0);
    for (name, lines) in servers {
        for line in lines.iter().filter(|line| line.starts_with("seats ") || line.starts_with("news ")) {
            println!("  {name}: {line}");
            heard += number_after(line, "heard of others").unwrap_or(0.0);
            missed += number_after(line, "missed").unwrap_or(0.0);
        }
    }
    println!(
        "\nOf {:.0} messages between servers {missed:.0} were missed: those sent while there was no broker, or just before it\n\
         was lost. NATS delivers at most once and keeps nothing for later.",
        heard + missed
    );
    let all = bots.join("\n");
    if number_after(&all, "playing at the end:")? < 0.9 * BOTS.parse::<f64>()? {
        return Err("too few bots were in a room at the end".into());
    }
    Ok(())
}
