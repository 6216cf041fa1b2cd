package bench

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of /proc/PID/stat on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// cpuTime adds up the CPU time of the processes that work in a folder below the
// given one, as the nodes of a network do, and of this one. Those that came or
// went between two calls distort the difference; in a window none should. It is
// 0 where there is no such folder, and on systems without /proc.
func cpuTime(folder string) (total time.Duration) {
	if folder == "" {
		return 0
	}
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0
	}
	for _, process := range processes {
		if worksIn(process, folder) || filepath.Base(process) == strconv.Itoa(os.Getpid()) {
			total += usedBy(process)
		}
	}
	return total
}

func worksIn(process, folder string) bool {
	at, err := os.Readlink(filepath.Join(process, "cwd"))
	return err == nil && strings.HasPrefix(at+"/", folder+"/")
}

// usedBy reads the 14th and 15th field, which follow the name in parentheses.
func usedBy(process string) time.Duration {
	stat, err := os.ReadFile(filepath.Join(process, "stat"))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const user, system = 11, 12
	if len(fields) <= system {
		return 0
	}
	var ticks int64
	for _, field := range []string{fields[user], fields[system]} {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * tick
}
