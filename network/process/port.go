package process

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// TakenError says that a port is in use, and by whom as far as that can be seen.
type TakenError struct {
	Address string
	// Holder reads like "process 4711 (postgres)"; it's empty if the holder belongs to another user.
	Holder string
}

func (e *TakenError) Error() string {
	if e.Holder == "" {
		return e.Address + " is taken by a process that can't be seen from here"
	}
	return e.Address + " is taken by " + e.Holder
}

// CheckFree tells whether one could listen on the address.
func CheckFree(address string) error {
	listener, err := net.Listen("tcp", address)
	if err == nil {
		return listener.Close()
	}
	if !strings.Contains(err.Error(), "address already in use") {
		return fmt.Errorf("couldn't listen on %s: %w", address, err)
	}
	taken := &TakenError{Address: address}
	if _, port, err := net.SplitHostPort(address); err == nil {
		if number, err := strconv.Atoi(port); err == nil {
			taken.Holder = portHolder(number)
		}
	}
	return taken
}

// portHolder finds who listens on a port: the kernel lists sockets by inode, and each process its open inodes.
func portHolder(port int) string {
	inodes := listeningInodes(port)
	if len(inodes) == 0 {
		return ""
	}
	all, err := pids()
	if err != nil {
		return ""
	}
	for _, pid := range all {
		links, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "fd", "*"))
		if err != nil {
			continue
		}
		for _, link := range links {
			if target, err := os.Readlink(link); err == nil && inodes[target] {
				return fmt.Sprintf("process %d (%s)", pid, commandName(pid))
			}
		}
	}
	return ""
}

func listeningInodes(port int) map[string]bool {
	inodes := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		file, err := os.Open(table)
		if err != nil {
			continue
		}
		lines := bufio.NewScanner(file)
		for lines.Scan() {
			fields := strings.Fields(lines.Text())
			const local, state, inode, listening = 1, 3, 9, "0A"
			if len(fields) > inode && fields[state] == listening && strings.HasSuffix(fields[local], fmt.Sprintf(":%04X", port)) {
				inodes["socket:["+fields[inode]+"]"] = true
			}
		}
		file.Close()
	}
	return inodes
}
