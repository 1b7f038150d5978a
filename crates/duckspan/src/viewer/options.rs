//! What `CALL otlp_viewer(…)` asks for.

use duckspan_otlp::relation::Relation;

use crate::boundary::{Fault, FaultKind, Result};

/// Where to show what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewerOptions {
    /// The name of a receiver.
    pub(crate) database: Option<String>,
    /// The names of relations, in the order of [`Relation::ALL`].
    named: [Option<String>; 3],
    pub(crate) host: String,
    /// `None` for the usual one, or any where it is taken.
    pub(crate) port: Option<u16>,
    pub(crate) allow_write: bool,
}

impl Default for ViewerOptions {
    fn default() -> ViewerOptions {
        ViewerOptions {
            database: None,
            named: Default::default(),
            host: "127.0.0.1".to_owned(),
            port: None,
            allow_write: false,
        }
    }
}

impl ViewerOptions {
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<()> {
        if let Some(at) = Relation::ALL.iter().position(|kind| kind.name == name) {
            self.named[at] = Some(value.to_owned());
            return Ok(());
        }
        match name {
            "database" => self.database = Some(value.to_owned()),
            "host" if !value.is_empty() => self.host = value.to_owned(),
            "port" => {
                let port = value.parse();
                self.port = Some(port.map_err(|_| wrong(name, value, "between 0 and 65535"))?);
            }
            "allow_write" => self.allow_write = value == "true",
            _ => return Err(wrong(name, value, "a name")),
        }
        Ok(())
    }

    /// The relations that are named, by kind.
    pub(crate) fn relations(&self) -> Vec<(&'static Relation, String)> {
        let named = Relation::ALL.into_iter().zip(&self.named);
        named.filter_map(|(kind, name)| Some((kind, name.clone()?))).collect()
    }
}

fn wrong(name: &str, value: &str, wanted: &str) -> Fault {
    let message = format!("Invalid {name} \"{value}\" for otlp_viewer: it has to be {wanted}");
    Fault::new(FaultKind::Binder, message)
}
