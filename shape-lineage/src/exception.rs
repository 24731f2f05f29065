//! The exception whose stack trace stands beneath a record, and which `catch` it may have come to.

/// Classes of the Java library and what they extend, by their simple names.
const EXTENDS: [(&str, &str); 62] = [
    ("Exception", "Throwable"),
    ("Error", "Throwable"),
    ("RuntimeException", "Exception"),
    ("IOException", "Exception"),
    ("InterruptedException", "Exception"),
    ("ExecutionException", "Exception"),
    ("TimeoutException", "Exception"),
    ("CloneNotSupportedException", "Exception"),
    ("ReflectiveOperationException", "Exception"),
    ("ClassNotFoundException", "ReflectiveOperationException"),
    ("NoSuchMethodException", "ReflectiveOperationException"),
    ("NoSuchFieldException", "ReflectiveOperationException"),
    ("InstantiationException", "ReflectiveOperationException"),
    ("IllegalAccessException", "ReflectiveOperationException"),
    ("InvocationTargetException", "ReflectiveOperationException"),
    ("URISyntaxException", "Exception"),
    ("SQLException", "Exception"),
    ("GeneralSecurityException", "Exception"),
    ("PrivilegedActionException", "Exception"),
    ("NoSuchAlgorithmException", "GeneralSecurityException"),
    ("LoginException", "GeneralSecurityException"),
    ("FailedLoginException", "LoginException"),
    ("SocketException", "IOException"),
    ("ConnectException", "SocketException"),
    ("BindException", "SocketException"),
    ("NoRouteToHostException", "SocketException"),
    ("PortUnreachableException", "SocketException"),
    ("UnknownHostException", "IOException"),
    ("MalformedURLException", "IOException"),
    ("InterruptedIOException", "IOException"),
    ("SocketTimeoutException", "InterruptedIOException"),
    ("EOFException", "IOException"),
    ("FileNotFoundException", "IOException"),
    ("FileSystemException", "IOException"),
    ("NoSuchFileException", "FileSystemException"),
    ("AccessDeniedException", "FileSystemException"),
    ("ClosedChannelException", "IOException"),
    ("AsynchronousCloseException", "ClosedChannelException"),
    ("ClosedByInterruptException", "AsynchronousCloseException"),
    ("UnsupportedEncodingException", "IOException"),
    ("SSLException", "IOException"),
    ("SSLHandshakeException", "SSLException"),
    ("UncheckedIOException", "RuntimeException"),
    ("NullPointerException", "RuntimeException"),
    ("ClassCastException", "RuntimeException"),
    ("ArithmeticException", "RuntimeException"),
    ("IndexOutOfBoundsException", "RuntimeException"),
    ("NoSuchElementException", "RuntimeException"),
    ("ConcurrentModificationException", "RuntimeException"),
    ("UnsupportedOperationException", "RuntimeException"),
    ("SecurityException", "RuntimeException"),
    ("RejectedExecutionException", "RuntimeException"),
    ("BufferUnderflowException", "RuntimeException"),
    ("IllegalArgumentException", "RuntimeException"),
    ("NumberFormatException", "IllegalArgumentException"),
    ("UnresolvedAddressException", "IllegalArgumentException"),
    ("IllegalStateException", "RuntimeException"),
    ("CancelledKeyException", "IllegalStateException"),
    ("CancellationException", "IllegalStateException"),
    ("VirtualMachineError", "Error"),
    ("OutOfMemoryError", "VirtualMachineError"),
    ("StackOverflowError", "VirtualMachineError"),
];

/// The simple name of the exception that the text beneath a record begins with: `java.io.IOException: Broken pipe`.
pub(crate) fn thrown_in(beneath: &str) -> Option<&str> {
    let first = beneath.trim_start().lines().next()?;
    let name = first.split([':', ' ']).next()?.trim();
    let is_name = name.contains('.')
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '$'));
    let last = name.rsplit(['.', '$']).next()?;
    (is_name && last.starts_with(char::is_uppercase)).then_some(last)
}

/// Whether a `catch` of one class may have caught another: `false` where the Java library says that it can not.
pub(crate) fn may_catch(caught: &str, thrown: &str) -> bool {
    let mut class = thrown;
    loop {
        if class == caught || class == "Throwable" {
            return class == caught;
        }
        match EXTENDS.iter().find(|(name, _)| *name == class) {
            Some((_, parent)) => class = parent,
            // A class of someone else may extend any.
            None => return true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ancestors() {
        let thrown = |text| thrown_in(text);
        assert_eq!(
            thrown("java.io.IOException: Broken pipe\n\tat x"),
            Some("IOException")
        );
        assert_eq!(thrown("\n  org.app.A$Gone\n"), Some("Gone"));
        assert_eq!(thrown("at org.app.A.f(A.java:3)"), None);
        assert_eq!(thrown("Caused by: x"), None);
        assert_eq!(thrown(""), None);
        assert!(may_catch("IOException", "ConnectException"));
        assert!(may_catch("Exception", "UnresolvedAddressException"));
        assert!(!may_catch("IOException", "UnresolvedAddressException"));
        assert!(!may_catch("ConnectException", "IOException"));
        assert!(may_catch("IOException", "OwnException"));
    }

    #[test]
    fn every_class_leads_to_throwable() {
        for (name, _) in EXTENDS {
            assert!(may_catch("Throwable", name), "{name}");
            assert!(!may_catch("Nothing", name), "{name}");
        }
    }
}
