use std::fs;

use rcgen::{CertificateParams, KeyPair};

use super::*;

/// A folder for the files of one test, which is removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("duckspan-tls-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    fn files(&self) -> TlsFiles {
        let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| self.0.join(name));
        TlsFiles { certificate, key, client_ca: None }
    }

    /// Writes a new certificate with its key; returns it.
    fn write(&self) -> Vec<u8> {
        let TlsFiles { certificate, key: key_file, .. } = self.files();
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
        let made = params.self_signed(&key).expect("a certificate");
        fs::write(certificate, made.pem()).expect("written");
        fs::write(key_file, key.serialize_pem()).expect("written");
        made.der().to_vec()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_cannot_be_used() {
    let folder = Folder::new("unusable");
    let told = |files: TlsFiles| Tls::load(files).expect_err("a fault").to_string();
    assert!(told(folder.files()).contains("tls_certificate '"), "{}", told(folder.files()));
    folder.write();
    let files = folder.files();
    let swapped = TlsFiles { certificate: files.key.clone(), ..files.clone() };
    assert!(told(swapped).contains("holds no certificate in PEM"));
    let swapped = TlsFiles { key: files.certificate.clone(), ..files.clone() };
    assert!(told(swapped).contains("holds no private key in PEM"));
    let other = Folder::new("other");
    other.write();
    let mixed = TlsFiles { key: other.files().key, ..files.clone() };
    assert!(told(mixed).contains("do not belong together"));
    let no_ca = TlsFiles { client_ca: Some(files.key.clone()), ..files.clone() };
    assert!(told(no_ca).contains("tls_client_ca '"));
    fs::write(&files.key, "s3cret").expect("written");
    assert!(!told(files).contains("s3cret"));
}

/// Files that changed are read again, and those that cannot be used leave what was.
#[test]
fn files_are_read_again() {
    let folder = Folder::new("again");
    folder.write();
    let tls = Tls::load(folder.files()).expect("files");
    let look = || {
        let mut loaded = tls.loaded.lock().expect("no panic");
        loaded.looked -= LOOK;
        drop(loaded);
        tls.config()
    };
    let first = look();
    assert!(Arc::ptr_eq(&first, &look()));
    fs::write(folder.files().key, "half of it").expect("written");
    assert!(Arc::ptr_eq(&first, &look()));
    let error = tls.error().expect("a fault").to_string();
    assert!(error.contains("holds no private key in PEM"), "{error}");
    folder.write();
    let second = look();
    assert!(!Arc::ptr_eq(&first, &second));
    assert!(Arc::ptr_eq(&second, &look()));
    assert_eq!(tls.error(), None);
}
