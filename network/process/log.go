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
	lines, err := lastLines(path)
	if err != nil {
		return "", err
	}
	return strings.Join(lines[max(0, len(lines)-n):], "\n"), nil
}

// LastWords is what a dead program's log says about why it died: the last n lines or, if it panicked, those around the panic
// instead of the end of the stack trace.
func LastWords(path string, n int) (string, error) {
	lines, err := lastLines(path)
	if err != nil {
		return "", err
	}
	const before = 2 // a logger's line about the panic usually precedes it
	start := max(0, len(lines)-n)
	for i, line := range lines {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			start = max(0, i-before)
		}
	}
	return strings.Join(lines[start:min(len(lines), start+n)], "\n"), nil
}

func lastLines(path string) ([]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("couldn't open the log: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("couldn't measure the log: %w", err)
	}
	start := max(0, info.Size()-tailBytes)
	content, err := io.ReadAll(io.NewSectionReader(file, start, info.Size()-start))
	if err != nil {
		return nil, fmt.Errorf("couldn't read the log: %w", err)
	}
	return strings.Split(strings.TrimRight(string(content), "\n"), "\n"), nil
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
