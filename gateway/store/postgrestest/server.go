package postgrestest

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// requireVariable makes a missing server a failure: continuous integration must
// not skip what it is there for.
const requireVariable = "CI_REQUIRE"

// userName owns the databases.
const userName = "weighbridge"

// Server is a running server.
type Server struct {
	t       testing.TB
	dir     string
	bin     string
	owner   *syscall.Credential
	process *exec.Cmd
	log     bytes.Buffer
}

// Start makes a cluster and starts its server, which ends with the test. Where
// PostgreSQL is not installed, the test is skipped.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, bin: programs()}
	if s.bin == "" {
		if os.Getenv(requireVariable) != "" {
			t.Fatal("PostgreSQL is not installed")
		}
		t.Skip("PostgreSQL is not installed: apt install postgresql")
	}
	dir, err := os.MkdirTemp("", "wbpg") // a socket's path has to be short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s.dir, s.owner = dir, owner(t)
	if s.owner != nil {
		require.NoError(t, os.Chown(dir, int(s.owner.Uid), int(s.owner.Gid)))
	}
	// The language of the database is not the C of the comparisons that the
	// project needs, so that a forgotten one shows.
	out, err := s.command("initdb", "--pgdata", s.data(), "--username", userName, "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "en-US").CombinedOutput()
	require.NoError(t, err, "%s", out)
	s.Resume()
	t.Cleanup(s.Stop)
	return s
}

// programs is the folder of initdb and postgres, "" if there is none.
func programs() string {
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Sort(folders)
	for _, folder := range slices.Backward(folders) {
		if _, err := os.Stat(filepath.Join(folder, "initdb")); err == nil {
			return folder
		}
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	return ""
}

// owner is another user where the test is run by root, as whom PostgreSQL
// refuses to run.
func owner(t testing.TB) *syscall.Credential {
	if os.Getuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, err := strconv.ParseUint(u.Uid, 10, 32)
			require.NoError(t, err)
			gid, err := strconv.ParseUint(u.Gid, 10, 32)
			require.NoError(t, err)
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	t.Fatal("there is no user postgres or nobody to run PostgreSQL as")
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(program string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.bin, program), args...)
	c.Dir, c.Env = s.dir, append(os.Environ(), "LC_ALL=C.UTF-8")
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner, Setpgid: true}
	return c
}

// Resume starts the server again after Stop or Kill, and returns once it answers.
func (s *Server) Resume() {
	s.t.Helper()
	s.process = s.command("postgres", "-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=60")
	s.process.Stdout, s.process.Stderr = &s.log, &s.log
	require.NoError(s.t, s.process.Start())
	require.Eventually(s.t, func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		conn, err := pgx.Connect(ctx, s.Source("postgres"))
		return err == nil && conn.Close(ctx) == nil
	}, 30*time.Second, 20*time.Millisecond, "PostgreSQL does not start")
}

// Stop ends the server and its connections.
func (s *Server) Stop() { s.end(syscall.SIGINT) }

// Kill ends the server as a power cut would.
func (s *Server) Kill() { s.end(syscall.SIGQUIT) }

func (s *Server) end(signal syscall.Signal) {
	if s.process == nil {
		return
	}
	if err := s.process.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Errorf("couldn't stop PostgreSQL: %v", err)
	}
	_ = s.process.Wait() // how it ended is no matter
	s.process = nil
	if s.t.Failed() {
		s.t.Logf("PostgreSQL's log:\n%s", s.log.String())
	}
}

// Source is how to reach a database of the server.
func (s *Server) Source(database string) string {
	return (&url.URL{Scheme: "postgres", User: url.User(userName), Path: "/" + database, RawQuery: url.Values{"host": {s.dir}}.Encode()}).String()
}

// Database makes an empty database and returns its source.
func (s *Server) Database(name string) string {
	s.t.Helper()
	s.Execute("postgres", "CREATE DATABASE "+name)
	return s.Source(name)
}

// Execute runs a statement in a database.
func (s *Server) Execute(database, statement string) {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.Source(database))
	require.NoError(s.t, err)
	defer conn.Close(s.t.Context()) //nolint:errcheck // a test's connection
	_, err = conn.Exec(s.t.Context(), statement)
	require.NoError(s.t, err)
}

// Program is a command of PostgreSQL's own, such as pg_dump, as the database's owner.
func (s *Server) Program(name string, args ...string) *exec.Cmd { return s.command(name, args...) }

// Folder is where PostgreSQL's own commands lie.
func (s *Server) Folder() string { return s.bin }
