package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

const module = "github.com/weighbridge/weighbridge/"

// roles are the programs.
var roles = []string{"gateway", "chaincode", "network"}

func main() {
	version := flag.String("version", "", "the version that the gateway says it is")
	out := flag.String("out", "dist", "folder to build into")
	flag.Parse()
	for _, role := range roles {
		if err := build(role, *version, *out); err != nil {
			fmt.Fprintln(os.Stderr, "release:", err)
			os.Exit(1)
		}
		if err := describe(os.Stdout, filepath.Join(*out, role)); err != nil {
			fmt.Fprintln(os.Stderr, "release:", err)
			os.Exit(1)
		}
	}
}

// build builds one program. The chaincode is not stripped or stamped: its hash is
// the version of its definition.
func build(role, version, out string) error {
	args := []string{"build", "-trimpath", "-o", filepath.Join(out, role)}
	switch role {
	case "chaincode":
		args = append(args, "-buildvcs=false")
	default:
		args = append(args, "-ldflags", "-s -w -X main.release="+version)
	}
	command := exec.Command("go", append(args, module+role)...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	command.Stderr = os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("couldn't build %s: %w", role, err)
	}
	return nil
}

// describe prints a program's hash, size and name.
func describe(w io.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, file)
	if err != nil {
		return fmt.Errorf("couldn't read %s: %w", path, err)
	}
	_, err = fmt.Fprintf(w, "%x %5.1f MiB %s\n", hash.Sum(nil), float64(size)/(1<<20), path)
	return err
}
