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
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("couldn't create the state folder: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("couldn't open the lock: %w", err)
	}
	const interval = 100 * time.Millisecond
	told := false
	err = Poll(ctx, interval, func(context.Context) error {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) && !told {
			told = true
			waiting()
		}
		return err
	})
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("couldn't lock %s, which another command is using: %w", path, err)
	}
	return &Lock{file}, nil
}

// Release gives the lock back.
func (l *Lock) Release() error { return l.file.Close() }
