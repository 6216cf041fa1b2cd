package process

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// tailBytes bounds how much of a log is read to find its last lines.
const tailBytes = 64 << 10

// Tail is the last n lines of a log.
func Tail(path string, n int) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("couldn't open the log: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", fmt.Errorf("couldn't measure the log: %w", err)
	}
	start := max(0, info.Size()-tailBytes)
	content, err := io.ReadAll(io.NewSectionReader(file, start, info.Size()-start))
	if err != nil {
		return "", fmt.Errorf("couldn't read the log: %w", err)
	}
	lines := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n"), nil
}

// CopyLog copies a log to out; with follow it goes on as the log grows, until the context ends.
func CopyLog(ctx context.Context, path string, follow bool, out io.Writer) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("couldn't open the log: %w", err)
	}
	defer file.Close()
	const interval = 200 * time.Millisecond
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		if _, err := io.Copy(out, file); err != nil {
			return fmt.Errorf("couldn't copy the log: %w", err)
		}
		if !follow {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
