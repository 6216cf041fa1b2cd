//go:build !js

package main

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
)

//go:embed page.html
var page string

func main() {
	output := flag.String("o", "verifier.html", "where to write the page")
	trust := flag.String("trust", "", "a trust file to put into the page; without one its reader brings their own")
	flag.Parse()
	if err := build(*output, *trust); err != nil {
		fmt.Fprintln(os.Stderr, "browser:", err)
		os.Exit(1)
	}
}

func build(output, trustFile string) error {
	trust := ""
	if trustFile != "" {
		data, err := os.ReadFile(trustFile)
		if err != nil {
			return fmt.Errorf("couldn't read the trust file: %w", err)
		}
		if _, err := checkpoint.ParseTrust(data); err != nil {
			return err
		}
		trust = base64.StdEncoding.EncodeToString(data)
	}
	program, err := compile()
	if err != nil {
		return err
	}
	glue, err := glue()
	if err != nil {
		return err
	}
	made := strings.NewReplacer("{{glue}}", glue, "{{program}}", base64.StdEncoding.EncodeToString(program), "{{trust}}", trust).Replace(page)
	if err := os.WriteFile(output+".new", []byte(made), 0o644); err != nil { //nolint:gosec // a public page
		return fmt.Errorf("couldn't write the page: %w", err)
	}
	return os.Rename(output+".new", output)
}

// compile builds this very package for browsers, and compresses it.
func compile() ([]byte, error) {
	folder, err := os.MkdirTemp("", "verifier")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "verifier.wasm")
	command := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, "github.com/weighbridge/weighbridge/gateway/proof/browser")
	command.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if output, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("couldn't build the verifier for browsers: %w: %s", err, output)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(program); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// glue is the script of the Go distribution that runs its programs in browsers.
// Nothing in it ends the element that it stands in.
func glue() (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("couldn't find the Go distribution: %w", err)
	}
	script, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return "", fmt.Errorf("couldn't read the script that runs Go in browsers: %w", err)
	}
	if bytes.Contains(bytes.ToLower(script), []byte("</script")) {
		return "", fmt.Errorf("the script that runs Go in browsers cannot stand in a page")
	}
	return string(script), nil
}
