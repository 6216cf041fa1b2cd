package process

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain lets the test program play the nodes it starts.
func TestMain(m *testing.M) {
	switch os.Getenv("ROLE") {
	case "":
		os.Exit(m.Run())
	case "patient":
		<-time.After(time.Minute) // or until SIGTERM
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("ready")
		<-time.After(time.Minute)
	}
}

func table(t *testing.T) Table {
	t.Helper()
	folder, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	return Table{Folder: filepath.Join(folder, "processes")}
}

func start(t *testing.T, table Table, role string) (Record, Spec) {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	spec := Spec{
		Name: "peer.test", Executable: program, Environment: []string{"ROLE=" + role},
		Folder: t.TempDir(), Log: filepath.Join(t.TempDir(), "logs", "peer.test.log"),
	}
	record, err := table.Start(spec)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, table.Kill(context.WithoutCancel(t.Context()), spec.Name)) })
	return record, spec
}

func TestStartAndStop(t *testing.T) {
	table := table(t)
	record, spec := start(t, table, "patient")
	running, alive := table.Running(spec.Name)
	require.True(t, alive)
	require.Equal(t, record.PID, running.PID)
	session, _, errno := syscall.RawSyscall(syscall.SYS_GETSID, uintptr(record.PID), 0, 0)
	require.Zero(t, errno)
	require.Equal(t, record.PID, int(session), "a node has a session of its own, so that it survives the one that started it")
	_, err := table.Start(spec)
	require.ErrorContains(t, err, fmt.Sprintf("peer.test already runs as process %d", record.PID))

	require.NoError(t, table.Stop(t.Context(), spec.Name, time.Minute))
	_, alive = table.Running(spec.Name)
	require.False(t, alive)
	require.False(t, table.Recorded(spec.Name))
	require.NoError(t, table.Stop(t.Context(), spec.Name, time.Minute), "stopping what's stopped is no error")
}

func TestStopKillsTheStubborn(t *testing.T) {
	table := table(t)
	_, spec := start(t, table, "stubborn")
	require.Eventually(t, func() bool {
		content, err := os.ReadFile(spec.Log)
		return err == nil && bytes.Contains(content, []byte("ready"))
	}, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, table.Stop(t.Context(), spec.Name, 100*time.Millisecond))
	_, alive := table.Running(spec.Name)
	require.False(t, alive)
}

// TestStrangerIsNeverKilled: a process ID that was given to another process since must be left alone.
func TestStrangerIsNeverKilled(t *testing.T) {
	for name, forge := range map[string]func(*Record){
		"started later":   func(r *Record) { r.StartTicks-- },
		"of another boot": func(r *Record) { r.Boot = "another" },
	} {
		t.Run(name, func(t *testing.T) {
			table := table(t)
			stranger, spec := start(t, table, "patient")
			forged := stranger
			forge(&forged)
			rewrite(t, table, forged)
			require.NoError(t, table.Stop(t.Context(), spec.Name, time.Second))
			require.True(t, stranger.alive())
			rewrite(t, table, stranger) // for the clean-up
		})
	}
}

func rewrite(t *testing.T, table Table, record Record) {
	t.Helper()
	content, err := json.Marshal(record)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(table.path(record.Name), content, 0o600))
}

// TestAdopt: a program killed between starting a node and recording it leaves a process without a record.
func TestAdopt(t *testing.T) {
	for name, lose := range map[string]func(path string) error{
		"record missing":      os.Remove,
		"record half-written": func(path string) error { return os.Truncate(path, 10) },
	} {
		t.Run(name, func(t *testing.T) {
			table := table(t)
			record, spec := start(t, table, "patient")
			require.NoError(t, lose(table.path(spec.Name)))
			_, alive := table.Running(spec.Name)
			require.False(t, alive)
			require.NoError(t, table.Adopt())
			adopted, alive := table.Running(spec.Name)
			require.True(t, alive)
			require.Equal(t, record.PID, adopted.PID)
		})
	}
}

func TestAdoptLeavesOtherStateFoldersAlone(t *testing.T) {
	_, spec := start(t, table(t), "patient")
	other := table(t)
	require.NoError(t, other.Adopt())
	require.False(t, other.Recorded(spec.Name))
}

func TestTakenPortNamesItsHolder(t *testing.T) {
	listener := listenLow(t)
	address := listener.Addr().String()
	err := CheckFree(address)
	var taken *TakenError
	require.ErrorAs(t, err, &taken)
	require.ErrorContains(t, err, fmt.Sprintf("%s is taken by process %d (", address, os.Getpid()))
	require.NoError(t, listener.Close())
	require.NoError(t, CheckFree(address))
}

// listenLow listens outside the range from which the kernel would give the port to somebody else as soon as it's free.
func listenLow(t *testing.T) net.Listener {
	t.Helper()
	for port := 21000; port < 22000; port++ {
		if listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return listener
		}
	}
	t.Fatal("no port between 21000 and 22000 is free")
	return nil
}

func TestPoll(t *testing.T) {
	tries := 0
	require.NoError(t, Poll(t.Context(), time.Millisecond, func(context.Context) error {
		if tries++; tries < 3 {
			return errors.New("not yet")
		}
		return nil
	}))
	require.Equal(t, 3, tries)

	bounded, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	missing := errors.New("the thing is missing")
	err := Poll(bounded, time.Millisecond, func(context.Context) error { return missing })
	require.ErrorIs(t, err, missing, "a timeout says what was awaited")
	require.ErrorIs(t, err, context.DeadlineExceeded)

	tries = 0
	err = Poll(t.Context(), time.Millisecond, func(context.Context) error { tries++; return Hopeless(missing) })
	require.ErrorIs(t, err, missing)
	require.Equal(t, 1, tries)
}

// TestLock: one holder at a time, and a wiped folder's lock isn't mistaken for the new one's.
func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "lock")
	first, err := Acquire(t.Context(), path, func() { t.Error("nobody holds it") })
	require.NoError(t, err)
	waited := false
	bounded, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = Acquire(bounded, path, func() { waited = true })
	require.Error(t, err)
	require.True(t, waited)
	require.NoError(t, os.RemoveAll(filepath.Dir(path)))
	second, err := Acquire(t.Context(), path, func() {})
	require.NoError(t, err)
	require.NoError(t, first.Release())
	require.NoError(t, second.Release())
}

func TestTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(path, []byte("one\ntwo\nthree\n"), 0o600))
	tail, err := Tail(path, 2)
	require.NoError(t, err)
	require.Equal(t, "two\nthree", tail)
}

// TestLastWords: the end of a panic's log is a stack trace, which says nothing to an operator.
func TestLastWords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(path, []byte("a\nb\nPANI disk full\npanic: disk full\n\ngoroutine 1:\nmain()\n"), 0o600))
	words, err := LastWords(path, 3)
	require.NoError(t, err)
	require.Equal(t, "b\nPANI disk full\npanic: disk full", words)
	require.NoError(t, os.WriteFile(path, []byte("a\nb\nc\n"), 0o600))
	words, err = LastWords(path, 2)
	require.NoError(t, err)
	require.Equal(t, "b\nc", words)
}
