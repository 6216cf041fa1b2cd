package access

import (
	"net"
	"net/url"
	"strings"
)

// Loopback reports whether a host, with a port or without, is this machine.
func Loopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

// Here makes sure that a path to go on to after signing in leads to this gateway
// and nowhere else; anything doubtful leads to the beginning.
func Here(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	if strings.HasPrefix(u.Path, "/sign-in") {
		return "/"
	}
	return path
}
