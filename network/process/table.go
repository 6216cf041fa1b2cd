package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Spec is a node to start.
type Spec struct {
	Name       string
	Executable string
	Arguments  []string
	// Environment is added to PATH, HOME and TMPDIR; the rest of the caller's environment isn't passed on.
	Environment []string
	Folder      string
	Log         string
}

// Record is what's remembered of a started node.
type Record struct {
	Name       string    `json:"name"`
	PID        int       `json:"pid"`
	StartTicks uint64    `json:"startTicks"`
	Boot       string    `json:"boot"`
	Executable string    `json:"executable"`
	Started    time.Time `json:"started"`
}

// Table is the folder with the records of one state folder.
type Table struct {
	// Folder holds one file per node; its absolute path also tells this state folder's nodes from those of another.
	Folder string
}

func (t Table) path(name string) string { return filepath.Join(t.Folder, name+".json") }
func (t Table) markPrefix() string      { return t.Folder + "#" }

// Start starts a node in a session of its own. It doesn't wait for it to become ready. A node that already runs is an error,
// because two processes on one data folder destroy it.
func (t Table) Start(spec Spec) (Record, error) {
	if record, running := t.Running(spec.Name); running {
		return record, fmt.Errorf("%s already runs as process %d", spec.Name, record.PID)
	}
	for _, folder := range []string{t.Folder, filepath.Dir(spec.Log)} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return Record{}, fmt.Errorf("couldn't create a folder for %s: %w", spec.Name, err)
		}
	}
	log, err := os.OpenFile(spec.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return Record{}, fmt.Errorf("couldn't open the log of %s: %w", spec.Name, err)
	}
	defer log.Close()
	command := exec.Command(spec.Executable, spec.Arguments...)
	command.Dir = spec.Folder
	command.Env = append(inherited(), spec.Environment...)
	command.Env = append(command.Env, markVariable+"="+t.markPrefix()+spec.Name)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		return Record{}, fmt.Errorf("couldn't start %s: %w", spec.Name, err)
	}
	// Reaps the child should it die while this program still runs; afterwards init does.
	go func() { _ = command.Wait() }()
	return t.remember(spec.Name, command.Process.Pid, spec.Executable)
}

func inherited() []string {
	var environment []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		if value, set := os.LookupEnv(name); set {
			environment = append(environment, name+"="+value)
		}
	}
	return environment
}

func (t Table) remember(name string, pid int, executable string) (Record, error) {
	boot, err := bootID()
	if err != nil {
		return Record{}, err
	}
	facts, err := readStat(pid)
	if err != nil {
		return Record{}, fmt.Errorf("%s exited at once: %w", name, err)
	}
	record := Record{
		Name: name, PID: pid, StartTicks: facts.startTicks, Boot: boot, Executable: executable, Started: time.Now(),
	}
	content, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return Record{}, fmt.Errorf("couldn't encode the record of %s: %w", name, err)
	}
	if err := t.writeRecord(name, content); err != nil {
		return Record{}, fmt.Errorf("couldn't record %s: %w", name, err)
	}
	return record, nil
}

// writeRecord writes to a file of its own first, because status may adopt a node while up records it.
func (t Table) writeRecord(name string, content []byte) error {
	partial, err := os.CreateTemp(t.Folder, name+".*.partial")
	if err != nil {
		return err
	}
	defer os.Remove(partial.Name())
	_, err = partial.Write(content)
	if err := errors.Join(err, partial.Close()); err != nil {
		return err
	}
	return os.Rename(partial.Name(), t.path(name))
}

// Running returns the record of a node if the very process that was started is still alive. A record that can't be read is
// as good as none: Adopt finds the process by its mark.
func (t Table) Running(name string) (Record, bool) {
	content, err := os.ReadFile(t.path(name))
	if err != nil {
		return Record{}, false
	}
	var record Record
	if err := json.Unmarshal(content, &record); err != nil {
		return Record{}, false
	}
	return record, record.alive()
}

func (r Record) alive() bool {
	boot, err := bootID()
	if err != nil || boot != r.Boot {
		return false
	}
	facts, err := readStat(r.PID)
	return err == nil && !facts.ended && facts.startTicks == r.StartTicks
}

// Outdated says whether the program's file was replaced since the process started.
func (r Record) Outdated() bool {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", r.PID))
	return err == nil && path != r.Executable
}

// Adopt records the nodes that run without a record, left by a program that was killed between starting and recording.
func (t Table) Adopt() error {
	found, err := marked(t.markPrefix())
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return nil
	}
	if err := os.MkdirAll(t.Folder, 0o755); err != nil {
		return fmt.Errorf("couldn't create the folder of records: %w", err)
	}
	for name, pid := range found {
		if _, running := t.Running(name); running {
			continue
		}
		executable, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		if _, err := t.remember(name, pid, executable); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Stop asks a node to end and, if it's still there after grace, ends it. A node that doesn't run is no error.
func (t Table) Stop(ctx context.Context, name string, grace time.Duration) error {
	record, running := t.Running(name)
	if !running {
		return t.forget(name)
	}
	if err := record.signal(syscall.SIGTERM); err != nil {
		return err
	}
	gone := func(context.Context) error {
		if record.alive() {
			return fmt.Errorf("process %d of %s still runs", record.PID, name)
		}
		return nil
	}
	patience, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	if Poll(patience, pollStop, gone) == nil {
		return t.forget(name)
	}
	return t.Kill(ctx, name)
}

const (
	pollStop  = 20 * time.Millisecond
	killGrace = 10 * time.Second
)

// Kill ends a node at once, as a power cut would, and waits until it's gone.
func (t Table) Kill(ctx context.Context, name string) error {
	record, running := t.Running(name)
	if !running {
		return t.forget(name)
	}
	if err := record.signal(syscall.SIGKILL); err != nil {
		return err
	}
	patience, cancel := context.WithTimeout(ctx, killGrace)
	defer cancel()
	err := Poll(patience, pollStop, func(context.Context) error {
		if record.alive() {
			return fmt.Errorf("process %d of %s survived SIGKILL", record.PID, name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return t.forget(name)
}

func (r Record) signal(signal syscall.Signal) error {
	err := syscall.Kill(r.PID, signal)
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("couldn't signal process %d of %s: %w", r.PID, r.Name, err)
	}
	return nil
}

func (t Table) forget(name string) error {
	if err := os.Remove(t.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("couldn't remove the record of %s: %w", name, err)
	}
	return nil
}

// ForgetDead drops the record of a node that doesn't run.
func (t Table) ForgetDead(name string) error {
	if _, running := t.Running(name); running {
		return nil
	}
	return t.forget(name)
}

// Recorded says whether a node was started and not stopped since, be it alive or not.
func (t Table) Recorded(name string) bool {
	_, err := os.Stat(t.path(name))
	return err == nil
}

// Names lists the nodes with a record.
func (t Table) Names() ([]string, error) {
	paths, err := filepath.Glob(t.path("*"))
	if err != nil {
		return nil, fmt.Errorf("couldn't list the records in %s: %w", t.Folder, err)
	}
	var names []string
	for _, path := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(path), ".json"))
	}
	return names, nil
}
