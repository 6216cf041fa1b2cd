package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// markVariable is the environment variable by which a node is recognised.
const markVariable = "WEIGHBRIDGE_NODE"

// bootID changes with every boot; start times are only comparable within one.
func bootID() (string, error) {
	content, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("couldn't identify this boot: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

// stat is what /proc/<pid>/stat says of a live process.
type stat struct {
	startTicks uint64
	// ended is set once all of the process is over but its entry in the table. While some of
	// its threads still end, its first one is a zombie already and its files are still locked.
	ended bool
}

func readStat(pid int) (stat, error) {
	content, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return stat{}, err
	}
	// The second field is the program's name in parentheses and may itself contain both spaces and parentheses.
	fields := strings.Fields(string(content[bytes.LastIndexByte(content, ')')+1:]))
	const state, threads, startTime = 0, 17, 19 // fields 3, 20 and 22 of proc(5)
	if len(fields) <= startTime {
		return stat{}, errors.New("unexpected shape of /proc/<pid>/stat")
	}
	ticks, err := strconv.ParseUint(fields[startTime], 10, 64)
	if err != nil {
		return stat{}, err
	}
	over := fields[state] == "Z" || fields[state] == "X"
	return stat{startTicks: ticks, ended: over && (fields[threads] == "0" || fields[threads] == "1")}, nil
}

// pids lists the processes of this machine.
func pids() ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("couldn't list processes: %w", err)
	}
	var all []int
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil {
			all = append(all, pid)
		}
	}
	return all, nil
}

// marked maps the marks of this state folder's nodes to the processes that carry them.
func marked(prefix string) (map[string]int, error) {
	all, err := pids()
	if err != nil {
		return nil, err
	}
	found := map[string]int{}
	for _, pid := range all {
		environment, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
		if err != nil {
			continue // gone, or somebody else's
		}
		for _, variable := range strings.Split(string(environment), "\x00") {
			if mark, ok := strings.CutPrefix(variable, markVariable+"="+prefix); ok {
				found[mark] = pid
			}
		}
	}
	return found, nil
}

// Executables lists the live processes whose program lies under folder, by process ID.
func Executables(folder string) (map[int]string, error) {
	all, err := pids()
	if err != nil {
		return nil, err
	}
	found := map[int]string{}
	for _, pid := range all {
		path, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "exe"))
		if err == nil && strings.HasPrefix(path, folder+string(filepath.Separator)) {
			found[pid] = path
		}
	}
	return found, nil
}

// ResidentBytes is the memory a process occupies.
func ResidentBytes(pid int) (int64, error) {
	content, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "statm"))
	if err != nil {
		return 0, fmt.Errorf("couldn't read the memory of process %d: %w", pid, err)
	}
	fields := strings.Fields(string(content))
	if len(fields) < 2 {
		return 0, fmt.Errorf("couldn't read the memory of process %d: unexpected shape of statm", pid)
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("couldn't read the memory of process %d: %w", pid, err)
	}
	return pages * int64(os.Getpagesize()), nil
}

// commandName is the program a process runs, for messages.
func commandName(pid int) string {
	content, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm"))
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(content))
}
