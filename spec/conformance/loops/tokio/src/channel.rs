// SPDX-License-Identifier: BSL-1.0
//! A scenario's channel: a socket pair, or a listener if somebody accepts; operations are tried first, and then wait by AsyncFd.
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::unix::io::{AsRawFd, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Mutex};
use tokio::io::unix::AsyncFd;

pub enum Near {
    Stream(UnixStream),
    Listener(UnixListener),
}

impl AsRawFd for Near {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Near::Stream(one) => one.as_raw_fd(),
            Near::Listener(one) => one.as_raw_fd(),
        }
    }
}

pub struct Channel {
    /// None once it is closed; whoever waits holds it.
    near: Mutex<Option<Arc<AsyncFd<Near>>>>,
    far: Mutex<Option<UnixStream>>,
    path: String,
}

impl Channel {
    pub fn new(accepts: bool, number: usize) -> Result<Channel> {
        let path = format!("{}/galley-{}-{number}", std::env::temp_dir().display(), std::process::id());
        let (near, far) = if accepts {
            let _ = std::fs::remove_file(&path);
            let listener = UnixListener::bind(&path)?;
            listener.set_nonblocking(true)?;
            (Near::Listener(listener), None)
        } else {
            let (near, far) = UnixStream::pair()?;
            near.set_nonblocking(true)?;
            (Near::Stream(near), Some(far))
        };
        Ok(Channel { near: Mutex::new(Some(Arc::new(AsyncFd::new(near)?))), far: Mutex::new(far), path })
    }

    /// What the world does with the far end.
    pub fn act(&self, what: &str, bytes: usize) {
        let mut far = self.far.lock().unwrap();
        match (what, far.as_mut()) {
            ("data", Some(far)) => far.write_all(&vec![0; bytes]).unwrap(),
            ("end", Some(far)) => far.shutdown(std::net::Shutdown::Write).unwrap(),
            ("peer", None) => std::mem::forget(UnixStream::connect(&self.path)),
            _ => {}
        }
    }

    pub fn close(&self) -> String {
        let _ = std::fs::remove_file(&self.path);
        let closed = self.near.lock().unwrap().take();
        if closed.is_some() { "ok".into() } else { "errno:9".into() }
    }

    pub async fn transfer(&self, verb: &str, bytes: usize) -> String {
        let near = match self.near.lock().unwrap().clone() {
            Some(near) => near,
            None => return "errno:9".into(),
        };
        let writes = verb.starts_with("writ");
        let mut result = attempted(near.get_ref(), verb, bytes);
        while would_block(&result) {
            let mut guard = match if writes { near.writable().await } else { near.readable().await } {
                Ok(guard) => guard,
                Err(wrong) => return text(Err(wrong)),
            };
            result = attempted(near.get_ref(), verb, bytes);
            if would_block(&result) {
                guard.clear_ready();
            }
        }
        text(result)
    }
}

fn would_block(result: &Result<Option<usize>>) -> bool {
    matches!(result, Err(wrong) if wrong.kind() == ErrorKind::WouldBlock)
}

fn text(result: Result<Option<usize>>) -> String {
    match result {
        Ok(Some(bytes)) => bytes.to_string(),
        Ok(None) => "ok".into(),
        Err(wrong) => format!("errno:{}", wrong.raw_os_error().unwrap_or(0)),
    }
}

fn is_ready(fd: RawFd, what: i16) -> Result<Option<usize>> {
    let mut set = libc::pollfd { fd, events: what, revents: 0 };
    // Not by poll, which under virtual time is a look at the kernel of the loop's.
    match unsafe { libc::syscall(libc::SYS_poll, &mut set as *mut libc::pollfd, 1, 0) } {
        1 => Ok(None),
        _ => Err(Error::from(ErrorKind::WouldBlock)),
    }
}

fn attempted(near: &Near, verb: &str, bytes: usize) -> Result<Option<usize>> {
    match (verb, near) {
        ("read", Near::Stream(stream)) => (&*stream).read(&mut vec![0; bytes]).map(Some),
        ("write", Near::Stream(stream)) => (&*stream).write(&vec![0; bytes]).map(Some),
        ("accept", Near::Listener(listener)) => listener.accept().map(|_| None),
        ("writable", near) => is_ready(near.as_raw_fd(), libc::POLLOUT),
        (_, near) => is_ready(near.as_raw_fd(), libc::POLLIN),
    }
}
