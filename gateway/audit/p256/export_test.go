package p256

import "filippo.io/nistec"

// Idle is after how many signatures a table makes room.
const Idle = idle

// Multiple is j·256ⁱ·Q, as the table has it.
func Multiple(t *Table, i, j int) *nistec.P256Point { return &t.multiples[i][j-1] }
