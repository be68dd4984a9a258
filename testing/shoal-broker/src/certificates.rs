//! Certificates for one cluster, made by `openssl`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, io};
use crate::tool::Tool;

/// Extensions by kind of certificate. Clients check the broker's address against its certificate.
const CONFIG: &str = "\
[req]
distinguished_name = name
prompt = no
[name]
CN = unused
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[broker]
subjectAltName = IP:127.0.0.1,DNS:localhost
[client]
extendedKeyUsage = clientAuth
";

/// The PEM files of a cluster with encrypted listeners. All are good for two days and lie in the cluster's folder.
#[derive(Clone, Debug)]
pub struct Certificates {
    /// The authority that signed the broker's and the client's certificates.
    pub authority: PathBuf,
    /// The certificate of a client; its principal is `User:CN=client`.
    pub client: KeyPair,
    /// An authority that has nothing to do with the cluster.
    pub foreign_authority: PathBuf,
    /// A client whom the foreign authority has signed, and whom the cluster does not trust.
    pub foreign_client: KeyPair,
    /// The broker's key, certificate and authority in one file, as Kafka wants them.
    pub(crate) broker: PathBuf,
}

/// A certificate and its key (PKCS #8, without a password).
#[derive(Clone, Debug)]
pub struct KeyPair {
    /// The certificate's file.
    pub certificate: PathBuf,
    /// The key's file.
    pub key: PathBuf,
}

impl Certificates {
    /// Makes all of them in `folder`.
    pub(crate) fn make(openssl: &Tool, folder: &Path) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(io(format!("make {}", folder.display())))?;
        let maker = Maker { openssl, folder };
        fs::write(maker.config(), CONFIG).map_err(io("write the configuration of certificates"))?;
        let authority = maker.authority("authority")?;
        let foreign = maker.authority("foreign-authority")?;
        let client = maker.signed("client", "client", &authority)?;
        let foreign_client = maker.signed("foreign-client", "client", &foreign)?;
        let broker = maker.signed("broker", "broker", &authority)?;
        let store = maker.store(&broker, &authority)?;
        Ok(Self {
            authority: authority.certificate,
            client,
            foreign_authority: foreign.certificate,
            foreign_client,
            broker: store,
        })
    }
}

struct Maker<'a> {
    openssl: &'a Tool,
    folder: &'a Path,
}

impl Maker<'_> {
    fn config(&self) -> PathBuf {
        self.folder.join("openssl.cnf")
    }

    fn identity(&self, name: &str) -> KeyPair {
        let file = |ending| self.folder.join(format!("{name}.{ending}"));
        KeyPair { certificate: file("crt"), key: file("key") }
    }

    /// An authority that has signed itself.
    fn authority(&self, name: &str) -> Result<KeyPair, Error> {
        let identity = self.identity(name);
        self.request(name, &identity, &["-x509", "-days", "2", "-extensions", "authority"], &identity.certificate)?;
        Ok(identity)
    }

    /// A certificate of a kind that [`CONFIG`] knows, signed by `authority`.
    fn signed(&self, name: &str, kind: &str, authority: &KeyPair) -> Result<KeyPair, Error> {
        let identity = self.identity(name);
        let request = self.folder.join(format!("{name}.csr"));
        self.request(name, &identity, &["-new"], &request)?;
        let mut command = self.openssl.command();
        command.args(["x509", "-req", "-days", "2", "-in"]).arg(&request);
        command.arg("-CA").arg(&authority.certificate).arg("-CAkey").arg(&authority.key).arg("-CAcreateserial");
        command.arg("-extfile").arg(self.config()).args(["-extensions", kind]);
        command.arg("-out").arg(&identity.certificate);
        self.openssl.run("openssl x509", &mut command)?;
        Ok(identity)
    }

    /// A new key, and what `openssl req` makes of it in `out`.
    fn request(&self, name: &str, identity: &KeyPair, how: &[&str], out: &Path) -> Result<(), Error> {
        let mut command = self.openssl.command();
        command.arg("req").args(how).arg("-config").arg(self.config());
        command.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
        command.arg("-subj").arg(format!("/CN={name}"));
        command.arg("-keyout").arg(&identity.key).arg("-out").arg(out);
        self.openssl.run("openssl req", &mut command).map(drop)
    }

    fn store(&self, identity: &KeyPair, authority: &KeyPair) -> Result<PathBuf, Error> {
        let mut text = Vec::new();
        for file in [&identity.key, &identity.certificate, &authority.certificate] {
            text.extend(fs::read(file).map_err(io(format!("read {}", file.display())))?);
        }
        let store = self.folder.join("broker.pem");
        fs::write(&store, text).map_err(io(format!("write {}", store.display())))?;
        Ok(store)
    }
}
