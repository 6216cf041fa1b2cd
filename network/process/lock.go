package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Lock keeps two programs from changing one state folder at once. The kernel releases it when its holder dies, so a killed
// program leaves nothing behind that would block the next one.
type Lock struct{ file *os.File }

// Acquire takes the lock, waiting for another holder until the context ends. waiting is called once if it has to.
func Acquire(ctx context.Context, path string, waiting func()) (*Lock, error) {
	const interval = 100 * time.Millisecond
	told := false
	var lock *Lock
	err := Poll(ctx, interval, func(context.Context) (err error) {
		lock, err = try(path)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			if !told {
				told = true
				waiting()
			}
			return err
		}
		if err != nil {
			return Hopeless(err)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't lock %s: %w", path, err)
	}
	return lock, nil
}

func try(path string) (*Lock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("couldn't create the state folder: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("couldn't open the lock: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	// The holder before may have wiped the folder, and with it the file that's now locked.
	ours, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if current, err := os.Stat(path); err != nil || !os.SameFile(ours, current) {
		return nil, errors.Join(syscall.EWOULDBLOCK, file.Close())
	}
	return &Lock{file}, nil
}

// Release gives the lock back.
func (l *Lock) Release() error { return l.file.Close() }
