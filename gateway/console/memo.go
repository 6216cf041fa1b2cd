package console

import "sync"

// memoRoom bounds how many results of one block are kept.
const memoRoom = 64

// memo keeps what was added up from all records until the next block comes: a
// flow or a recount of a long ledger takes a while, and pages are reloaded.
type memo struct {
	mu      sync.Mutex
	height  uint64
	results map[string]any
}

// at gives what is kept of a height.
func (m *memo) at(height uint64, name string) (any, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.height != height {
		return nil, false
	}
	result, known := m.results[name]
	return result, known
}

// keep adds a result. One of an earlier block is too late.
func (m *memo) keep(height uint64, name string, result any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if height > m.height || m.results == nil {
		m.height, m.results = height, map[string]any{}
	}
	if height == m.height && len(m.results) < memoRoom {
		m.results[name] = result
	}
}

// remembered works something out once for each block. Whoever gets it may not
// change it.
func remembered[T any](l *lens, name string, work func() (T, error)) (T, error) {
	if l.memo == nil {
		return work()
	}
	if kept, known := l.memo.at(l.s.Next, name); known {
		return kept.(T), nil
	}
	result, err := work()
	if err == nil {
		l.memo.keep(l.s.Next, name, result)
	}
	return result, err
}
