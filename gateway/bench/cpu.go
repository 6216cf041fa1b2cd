package bench

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of /proc/PID/stat on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// programs are whose CPU time is told apart.
var programs = []string{"peer", "orderer", "chaincode", "gateway", "clients"}

// use is CPU time, and how often the kernel had to give a process a page of
// memory meanwhile (minor faults), which is part of it.
type use struct {
	cpu    time.Duration
	faults int64
}

func (u use) plus(v use) use  { return use{u.cpu + v.cpu, u.faults + v.faults} }
func (u use) minus(v use) use { return use{u.cpu - v.cpu, u.faults - v.faults} }

// usage is what was used by program.
type usage map[string]use

// cpuTime adds up what is used by the processes that work in a folder below the
// given one, as the nodes of a network do, and of this one, the clients. Those
// that came or went between two calls distort the difference; in a window none
// should. It is empty where there is no such folder, and on systems without /proc.
func cpuTime(folder string) usage {
	used := usage{}
	if folder == "" {
		return used
	}
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return used
	}
	for _, process := range processes {
		switch {
		case filepath.Base(process) == strconv.Itoa(os.Getpid()):
			used["clients"] = used["clients"].plus(usedBy(process))
		case worksIn(process, folder):
			used[programOf(process)] = used[programOf(process)].plus(usedBy(process))
		}
	}
	return used
}

// programOf names what a process runs. The peers' builder keeps every chaincode
// under one name.
func programOf(process string) string {
	at, err := os.Readlink(filepath.Join(process, "exe"))
	name := strings.TrimSuffix(filepath.Base(at), " (deleted)")
	if err != nil || name == "program" {
		return "chaincode"
	}
	return name
}

// add adds what was used between two moments.
func (u usage) add(before, after usage) {
	for name, used := range after {
		u[name] = u[name].plus(used.minus(before[name]))
	}
}

func (u usage) total() (sum use) {
	for _, used := range u {
		sum = sum.plus(used)
	}
	return sum
}

func worksIn(process, folder string) bool {
	at, err := os.Readlink(filepath.Join(process, "cwd"))
	return err == nil && strings.HasPrefix(at+"/", folder+"/")
}

// usedBy reads the 10th, 14th and 15th field, which follow the name in parentheses.
func usedBy(process string) use {
	stat, err := os.ReadFile(filepath.Join(process, "stat"))
	if err != nil {
		return use{}
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const minor, user, system = 7, 11, 12
	if len(fields) <= system {
		return use{}
	}
	var numbers [3]int64
	for i, field := range []int{minor, user, system} {
		n, err := strconv.ParseInt(fields[field], 10, 64)
		if err != nil {
			return use{}
		}
		numbers[i] = n
	}
	return use{cpu: time.Duration(numbers[1]+numbers[2]) * tick, faults: numbers[0]}
}

// rusageThread asks Linux for the calling thread's use.
const rusageThread = 1

// ownTime is this process's CPU time, threadTime that of the calling thread
// alone, both to the microsecond.
func ownTime() time.Duration    { return timeOf(syscall.RUSAGE_SELF) }
func threadTime() time.Duration { return timeOf(rusageThread) }

func timeOf(who int) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(who, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
