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

// worker is a program of a member, or of nobody where it does not work in a member's folder.
type worker struct{ member, program string }

// usage is what was used by whom.
type usage map[worker]use

// of is what all members' processes of a program used.
func (u usage) of(program string) (sum use) {
	for who, used := range u {
		if who.program == program {
			sum = sum.plus(used)
		}
	}
	return sum
}

// busiest is what the member that used most CPU time used: what a machine of its own
// would have to bear.
func (u usage) busiest() (most use) {
	members := map[string]use{}
	for who, used := range u {
		members[who.member] = members[who.member].plus(used)
	}
	delete(members, "")
	for _, used := range members {
		if used.cpu > most.cpu {
			most = used
		}
	}
	return most
}

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
		who := worker{program: "clients"}
		if filepath.Base(process) != strconv.Itoa(os.Getpid()) {
			at, err := os.Readlink(filepath.Join(process, "cwd"))
			if err != nil || !strings.HasPrefix(at+"/", folder+"/") {
				continue
			}
			who = worker{memberOf(at[len(folder):]), programOf(process)}
		}
		used[who] = used[who].plus(usedBy(process))
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

// memberOf names the organisation in whose folder of a network something works.
func memberOf(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) < 3 || parts[1] != "organisations" {
		return ""
	}
	return parts[2]
}

// add adds what was used between two moments.
func (u usage) add(before, after usage) {
	for who, used := range after {
		u[who] = u[who].plus(used.minus(before[who]))
	}
}

func (u usage) total() (sum use) {
	for _, used := range u {
		sum = sum.plus(used)
	}
	return sum
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
