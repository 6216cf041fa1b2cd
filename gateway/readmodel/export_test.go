package readmodel

import "time"

// Wait has the model settle nothing by itself for its age, however slow the machine.
func (m *Model) Wait() { m.patience = time.Hour }
