package consortium

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Options chooses a network. The zero value is the developer's own: the repository around the working folder, its
// test-network/consortium.yaml, and the state folder .weighbridge in it.
type Options struct {
	// Root is the root folder of the repository.
	Root string
	// State is the folder for everything a network writes.
	State string
	// Consortium is the file with the topology.
	Consortium string
	// PortOffset is added to every port. 0 means what the state folder remembers.
	PortOffset int
	// ChaincodePackage and GatewayPackage are what go build is given, relative to Root.
	ChaincodePackage string
	GatewayPackage   string
	// FurtherChaincode makes Deploy put another chaincode beside the consortium's own, under this name and the same policy.
	FurtherChaincode string
	// WithoutGateways starts peers and orderers only.
	WithoutGateways bool
	// Progress is where steps are reported. Nil means nowhere.
	Progress io.Writer
}

// resolve fills in what was left out and makes paths absolute, because nodes run in folders of their own.
func (o Options) resolve() (Options, error) {
	if o.Root == "" {
		root, err := findRoot()
		if err != nil {
			return Options{}, err
		}
		o.Root = root
	}
	fill := func(value *string, otherwise string) {
		if *value == "" {
			*value = otherwise
		}
	}
	fill(&o.State, filepath.Join(o.Root, ".weighbridge"))
	fill(&o.Consortium, filepath.Join(o.Root, "test-network", "consortium.yaml"))
	fill(&o.ChaincodePackage, "./chaincode")
	fill(&o.GatewayPackage, "./gateway")
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	state, err := absolute(o.State)
	if err != nil {
		return Options{}, fmt.Errorf("couldn't resolve the state folder %s: %w", o.State, err)
	}
	o.State = state
	return o, nil
}

// absolute also resolves symbolic links, because processes are recognised by the path the kernel knows.
func absolute(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	resolved, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		parent, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			return "", err
		}
		return filepath.Join(parent, filepath.Base(path)), nil
	}
	return resolved, err
}

const modulePath = "github.com/weighbridge/weighbridge"

// findRoot walks up from the working folder to the module's go.mod.
func findRoot() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("couldn't find the working folder: %w", err)
	}
	for current := folder; ; current = filepath.Dir(current) {
		content, err := os.ReadFile(filepath.Join(current, "go.mod"))
		if err == nil && strings.HasPrefix(string(content), "module "+modulePath+"\n") {
			return current, nil
		}
		if current == filepath.Dir(current) {
			return "", fmt.Errorf("%s isn't inside the repository of %s", folder, modulePath)
		}
	}
}
