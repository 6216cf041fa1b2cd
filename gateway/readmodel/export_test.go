package readmodel

import (
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// Wait has the model settle nothing by itself for its age, however slow the machine.
func (m *Model) Wait() { m.patience = time.Hour }

// Complete reports whether the model knows of all keys of which there are many.
func (m *Model) Complete() bool {
	m.held.mu.Lock()
	defer m.held.mu.Unlock()
	return m.held.known.complete
}

// New reports whether the model is certain that there is no value at a key.
func (m *Model) New(key massbalance.Key) bool {
	m.held.mu.Lock()
	defer m.held.mu.Unlock()
	return m.held.known.lacks(key)
}
