package toolchain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// CacheVariable names the environment variable that moves the cache.
const CacheVariable = "WEIGHBRIDGE_CACHE"

// Fabric is a folder with the pinned Fabric programs and the sample configuration they came with.
type Fabric struct{ Folder string }

func (f Fabric) Peer() string          { return filepath.Join(f.Folder, "peer") }
func (f Fabric) Orderer() string       { return filepath.Join(f.Folder, "orderer") }
func (f Fabric) Osnadmin() string      { return filepath.Join(f.Folder, "osnadmin") }
func (f Fabric) Configtxgen() string   { return filepath.Join(f.Folder, "configtxgen") }
func (f Fabric) SampleCore() string    { return filepath.Join(f.Folder, "core.yaml") }
func (f Fabric) SampleOrderer() string { return filepath.Join(f.Folder, "orderer.yaml") }
func (f Fabric) required() []string {
	return []string{f.Peer(), f.Orderer(), f.Osnadmin(), f.Configtxgen(), f.SampleCore(), f.SampleOrderer()}
}

const fabricModule = "github.com/hyperledger/fabric"

// BuildFabric returns the pinned Fabric programs, building them if the cache hasn't got them. module is the folder of
// network/fabrictools. Two builders at once are safe: each builds into a folder of its own, and the first to finish
// renames it into place.
func BuildFabric(ctx context.Context, module string, progress func(string)) (Fabric, error) {
	pin, err := fabricPin(ctx, module)
	if err != nil {
		return Fabric{}, err
	}
	cache, err := cacheFolder()
	if err != nil {
		return Fabric{}, err
	}
	fabric := Fabric{filepath.Join(cache, pin)}
	if fabric.complete() {
		return fabric, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return Fabric{}, fmt.Errorf("couldn't create the cache of Fabric's programs: %w", err)
	}
	progress("building Fabric's programs into " + fabric.Folder + " (once per pin, one to three minutes)")
	return fabric, buildFabric(ctx, module, fabric)
}

func buildFabric(ctx context.Context, module string, fabric Fabric) error {
	partial, err := os.MkdirTemp(filepath.Dir(fabric.Folder), "partial-")
	if err != nil {
		return fmt.Errorf("couldn't create a build folder: %w", err)
	}
	defer os.RemoveAll(partial)
	if _, err := goCommand(ctx, module, "build", "-trimpath", "-buildvcs=false", "-o", partial+string(filepath.Separator), "tool"); err != nil {
		return fmt.Errorf("couldn't build Fabric's programs pinned in %s: %w", module, err)
	}
	source, err := goCommand(ctx, module, "list", "-m", "-f", "{{.Dir}}", fabricModule)
	if err != nil {
		return fmt.Errorf("couldn't find the source of %s: %w", fabricModule, err)
	}
	for _, name := range []string{"core.yaml", "orderer.yaml"} {
		content, err := os.ReadFile(filepath.Join(source, "sampleconfig", name))
		if err != nil {
			return fmt.Errorf("couldn't read Fabric's sample configuration: %w", err)
		}
		if err := os.WriteFile(filepath.Join(partial, name), content, 0o644); err != nil {
			return fmt.Errorf("couldn't keep Fabric's sample configuration: %w", err)
		}
	}
	return putInPlace(partial, fabric)
}

// putInPlace renames a finished build to its name. Losing against a concurrent build is success; an incomplete folder, such
// as one somebody deleted files from, is replaced.
func putInPlace(partial string, fabric Fabric) error {
	if err := os.Chmod(partial, 0o755); err != nil {
		return fmt.Errorf("couldn't open the build folder to others: %w", err)
	}
	err := os.Rename(partial, fabric.Folder)
	if err == nil || fabric.complete() {
		return nil
	}
	if err := os.RemoveAll(fabric.Folder); err != nil {
		return fmt.Errorf("couldn't remove the incomplete %s: %w", fabric.Folder, err)
	}
	if err := os.Rename(partial, fabric.Folder); err != nil {
		return fmt.Errorf("couldn't put Fabric's programs in place: %w", err)
	}
	return nil
}

func (f Fabric) complete() bool {
	for _, path := range f.required() {
		if _, err := os.Stat(path); err != nil {
			return false
		}
	}
	return true
}

// fabricPin names what the programs depend on. go.sum is part of it because it pins what go.mod names.
func fabricPin(ctx context.Context, module string) (string, error) {
	version, err := goCommand(ctx, module, "env", "GOVERSION")
	if err != nil {
		return "", fmt.Errorf("couldn't ask for Go's version: %w", err)
	}
	digest := sha256.New()
	fmt.Fprintln(digest, version, runtime.GOOS, runtime.GOARCH)
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(module, name))
		if errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("%s is missing: it pins Fabric's programs", filepath.Join(module, name))
		}
		if err != nil {
			return "", fmt.Errorf("couldn't read the pin of Fabric's programs: %w", err)
		}
		fmt.Fprintln(digest, name, len(content))
		digest.Write(content)
	}
	return hex.EncodeToString(digest.Sum(nil))[:16], nil
}

func cacheFolder() (string, error) {
	if folder := os.Getenv(CacheVariable); folder != "" {
		return filepath.Abs(filepath.Join(folder, "fabric"))
	}
	folder, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("couldn't find a cache folder (%s chooses one): %w", CacheVariable, err)
	}
	return filepath.Join(folder, "weighbridge", "fabric"), nil
}

// firstLines keeps a compiler's output readable inside an error.
func firstLines(output string, n int) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	if len(lines) > n {
		lines = append(lines[:n], fmt.Sprintf("… and %d lines more", len(lines)-n))
	}
	return strings.Join(lines, "\n")
}
