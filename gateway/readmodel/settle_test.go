package readmodel_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

// killedVariable names the directory of a model whose process is to be killed.
const killedVariable = "READMODEL_TEST_KILLED"

// settled is how many blocks the killed process had settled, folded how many it
// had folded.
const settled, folded = 20, 45

// replayInto replays blocks of the sample season against a model.
func replayInto(t *testing.T, m *readmodel.Model, w *written, from, to int, take func(context.Context, replay.Block) error) {
	t.Helper()
	engine := replay.New("massbalance")
	for _, b := range w.blocks[from:to] {
		out, err := engine.Replay(m, b)
		require.NoError(t, err)
		for _, tx := range out.Transactions {
			require.Nil(t, tx.Finding)
		}
		require.NoError(t, take(t.Context(), out))
	}
}

// Several blocks in one transaction give what one block in each gives, and each is
// replayed against those before it.
func TestBlocksThatAreSettledTogether(t *testing.T) {
	w := writeSeason(t, 10)
	one, many := open(t, t.TempDir()), open(t, t.TempDir())
	replayInto(t, one, w, 0, len(w.blocks), one.Apply)
	for from := 0; from < len(w.blocks); from += 7 {
		replayInto(t, many, w, from, min(from+7, len(w.blocks)), many.Fold)
		require.NoError(t, many.Settle())
		require.NoError(t, many.Settle(), "nothing is left to settle")
	}
	require.EqualValues(t, len(w.blocks), many.Next())
	require.Equal(t, dump(t, one), dump(t, many))
}

// What is not settled nobody sees, and after a failure nobody ever will.
func TestWhatIsNotSettledIsUndone(t *testing.T) {
	w := writeSeason(t, 100)
	m := open(t, t.TempDir())
	m.Wait()
	replayInto(t, m, w, 0, 10, m.Apply)
	before := dump(t, m)
	folds := func() {
		replayInto(t, m, w, 10, 12, m.Fold)
		require.EqualValues(t, 10, m.Next())
		waited, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		require.ErrorIs(t, m.Await(waited, 10), context.DeadlineExceeded)
		require.Equal(t, before, dump(t, m))
	}
	folds()
	require.ErrorIs(t, m.Fold(t.Context(), replay.Block{Number: 13}), readmodel.ErrGap, "it is no reason to give up the others")
	err := m.Fold(t.Context(), replay.Block{Number: 12, Transactions: []replay.Transaction{{ID: "twice", Index: 0}, {ID: "twice", Index: 0}}})
	require.Error(t, errors.Join(err, m.Settle()), "PostgreSQL is told of a block's rows only when they are read or settled")
	require.NoError(t, m.Settle())
	require.Equal(t, before, dump(t, m))

	folds()
	require.NoError(t, m.Lead(t.Context(), nil))
	require.EqualValues(t, 10, m.Next())
	folds()
	require.NoError(t, m.Note(t.Context(), replay.Finding{Block: 12, Problem: "a lie"}), "what was folded is settled before")
	require.EqualValues(t, 12, m.Next())
	replayInto(t, m, w, 12, len(w.blocks), m.Apply)
}

// A process that is killed between two blocks that were to be settled together
// leaves the model as it was settled last, and the next one carries on from there.
func TestAKillLeavesWhatWasSettled(t *testing.T) {
	w := writeSeason(t, 10)
	if dir := os.Getenv(killedVariable); dir != "" {
		m := open(t, dir)
		m.Wait()
		replayInto(t, m, w, 0, settled, m.Apply)
		replayInto(t, m, w, settled, folded, m.Fold)
		require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGKILL))
		select {}
	}
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestAKillLeavesWhatWasSettled$")
	child.Env = append(os.Environ(), killedVariable+"="+dir)
	out, err := child.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "%s", out)
	require.Equal(t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal(), "%s", out)

	m, whole := open(t, dir), open(t, t.TempDir())
	require.EqualValues(t, settled, m.Next())
	replayInto(t, whole, w, 0, settled, whole.Apply)
	require.Equal(t, dump(t, whole), dump(t, m))
	replayInto(t, whole, w, settled, len(w.blocks), whole.Apply)
	replayInto(t, m, w, settled, len(w.blocks), m.Apply)
	require.Equal(t, dump(t, whole), dump(t, m))
}
