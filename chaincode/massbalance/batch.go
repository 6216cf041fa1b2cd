package massbalance

import "errors"

// Memory is a state held in memory: a View, and what outcomes are applied to.
type Memory map[Key]Value

// Get returns the value at the key, or nil.
func (m Memory) Get(key Key) (Value, error) { return m[key], nil }

// Apply stores an outcome's writes.
func (m Memory) Apply(writes []Write) {
	for _, w := range writes {
		m[w.Key] = w.Value
	}
}

// Result is what became of one command of a batch.
type Result struct {
	Command CommandID
	Code    Code
	// Message and Figures say why a command was refused.
	Message string
	Figures *Figures
	// Repeated is set where the command had been accepted before.
	Repeated bool
	// Transaction, Subject, Sequence and Pending are those of the record. From version
	// 4 of the rules on Transaction is empty, since it is the one that answers, and a
	// repetition has none of them: they stand with the first answer, see Record.Noted.
	Transaction string
	Subject     string
	Sequence    uint64
	Pending     bool
}

// BatchOutcome is what a whole transaction does.
type BatchOutcome struct {
	// Results has one result per command, in the batch's order.
	Results []Result
	// Records holds the records of the commands that were accepted for the
	// first time, with the index of each command.
	Records []BatchRecord
	// Writes has at most one value per key, sorted by key.
	Writes []Write
}

// BatchRecord is the record of the command at Index.
type BatchRecord struct {
	Index  int
	Record Record
}

// ExecuteBatch folds Execute over commands: each sees what those before it
// wrote. A refused command writes nothing and does not touch its neighbours.
// An error is internal and fails the batch as a whole.
func ExecuteBatch(view View, tx Tx, commands []Command) (BatchOutcome, error) {
	e := &execution{state: newOverlay(view, 4*len(commands)), tx: tx}
	batch := BatchOutcome{Results: make([]Result, 0, len(commands)), Records: make([]BatchRecord, 0, len(commands))}
	for i, command := range commands {
		repeated, err := e.decide(command)
		if err != nil {
			refused, err := refusedResult(command.ID, err)
			if err != nil {
				return BatchOutcome{}, err
			}
			batch.Results = append(batch.Results, refused)
			e.state.drop()
			continue
		}
		batch.Results = append(batch.Results, Result{
			Command: command.ID, Code: Accepted, Repeated: repeated, Transaction: named(&e.record),
			Subject: e.record.Subject, Sequence: e.record.Sequence, Pending: e.record.Pending,
		})
		if !repeated {
			batch.Records = append(batch.Records, BatchRecord{Index: i, Record: e.record})
		}
		e.state.commit()
	}
	batch.Writes = e.state.committed()
	return batch, nil
}

// refusedResult is the result of a refusal; any other error is internal.
func refusedResult(id CommandID, err error) (Result, error) {
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		return Result{}, err
	}
	return Result{Command: id, Code: refusal.Code, Message: refusal.Message, Figures: refusal.Figures}, nil
}

// named is the transaction that a record's result names.
func named(record *Record) string {
	if record.Whole() {
		return record.Transaction
	}
	return ""
}
