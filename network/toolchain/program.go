package toolchain

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Program is one of Weighbridge's own programs.
type Program struct {
	// Package is the package path or file given to go build, relative to Root.
	Package string
	// Root is the root folder of the module.
	Root string
	// Output is the file to write.
	Output string
}

// Build builds the program reproducibly and returns its SHA-256. The output appears in one step, so that a killed build leaves
// the old one; and it's left alone if it has the same content, so that a process running it isn't running an old file.
func (p Program) Build(ctx context.Context) (hash string, err error) {
	if err := os.MkdirAll(filepath.Dir(p.Output), 0o755); err != nil {
		return "", fmt.Errorf("couldn't create the folder of %s: %w", p.Output, err)
	}
	partial := p.Output + ".partial"
	defer os.Remove(partial)
	if _, err := goCommand(ctx, p.Root, "build", "-trimpath", "-buildvcs=false", "-o", partial, p.Package); err != nil {
		return "", fmt.Errorf("couldn't build %s: %w", p.Package, err)
	}
	hash, err = HashFile(partial)
	if err != nil {
		return "", err
	}
	if old, err := HashFile(p.Output); err == nil && old == hash {
		return hash, nil
	}
	if err := os.Rename(partial, p.Output); err != nil {
		return "", fmt.Errorf("couldn't put %s in place: %w", p.Output, err)
	}
	return hash, nil
}

// HashFile is the SHA-256 of a file in hexadecimal: the name under which organisations agree on a program.
func HashFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("couldn't hash a program: %w", err)
	}
	defer file.Close()
	digest := sha256.New()
	if _, err := io.Copy(digest, file); err != nil {
		return "", fmt.Errorf("couldn't hash %s: %w", path, err)
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

// goCommand runs the go command in folder and returns what it prints. Settings of the caller that would change the result
// (build flags, C compiler, workspace) don't get through.
func goCommand(ctx context.Context, folder string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir = folder
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	var output, complaints bytes.Buffer
	command.Stdout, command.Stderr = &output, &complaints
	err := command.Run()
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("the go command isn't in PATH; install Go from https://go.dev/dl")
	}
	if err != nil {
		return "", fmt.Errorf("go %s in %s: %w\n%s", strings.Join(args, " "), folder, err, firstLines(complaints.String(), 20))
	}
	return strings.TrimSpace(output.String()), nil
}
