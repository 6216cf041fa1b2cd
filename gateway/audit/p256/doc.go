// Package p256 verifies ECDSA signatures on the curve P-256 by the few keys that
// sign a channel's blocks again and again, with a table of multiples for each. It
// takes less than half of the processor time of crypto/ecdsa (BenchmarkVerify).
//
// # How
//
// A signature (r, s) of a digest e by a key Q is good if the x-coordinate of
// u1·G + u2·Q is r modulo n, with w = s⁻¹, u1 = e·w and u2 = r·w modulo n (FIPS
// 186-5, section 6.4.2). u1·G is the standard library's own, with its table of G.
// For u2·Q, where the standard library must double 256 times, a Table holds
// j·256ⁱ·Q for j from 1 to 128 and i from 0 to 31, so that u2, written to base 256 with
// digits from -128 to 128, takes at most 32 additions and no doubling. A table
// takes TableSize bytes (384 KiB) and a few milliseconds, so only keys that are
// used often get one (Pool), and only MaxTables of them.
//
// There is no field arithmetic here. Points are those of filippo.io/nistec, which
// is crypto/internal/fips140/nistec of the standard library under a name that can
// be imported, with the same assembly; numbers modulo n are math/big's. Time
// depends on the numbers, and may: signatures, digests and public keys are public.
// Nothing here is fit for a secret.
//
// # Why it is sound to use in an audit
//
// It only ever says yes. A caller asks something else, Fabric's own software
// cryptography, about every signature that a table does not find good, and about
// everything unusual: another curve, a digest of another length, a signature that
// Fabric's code does not parse or whose s is high. So an error here could never
// reject what is good; what must be proven is that it accepts nothing that is not:
//
//   - The range of r and s, the point at infinity and x ≥ n are checked as the
//     standard has it: no digits, points or tables come before that.
//   - Every one of the 4,096 points of a table is compared with what nistec's own
//     scalar multiplication gives (TestTable).
//   - Additions have no exceptions: sums with infinity, of a point with itself and
//     with its negative, in any coordinates, are what they ought to be (TestAdd). That
//     matters because a signer can choose a key and a signature for which the sum on
//     the way meets them.
//   - Signatures made for chosen u1 and u2, with all their digits at the edges, by
//     random keys and by keys that are small multiples of G and their negatives; each
//     with every bit of digest and r changed, r and s swapped, negated, zero, n, plus n
//     (TestEdges, TestNeighbours): the verdict is crypto/ecdsa's every time. So it is where the
//     sum is the point at infinity (TestInfinity), and where x is above n (TestWrap).
//   - A second opinion by other arithmetic: textbook addition of affine points
//     with math/big, in the tests (TestTextbook), and the examples of RFC 6979 (TestExamples).
//   - FuzzVerify looks for any difference to crypto/ecdsa, in either direction.
//
// What is not proven: nistec, math/big and the processor are believed, as they
// are by whoever uses crypto/ecdsa. The tests of Project Wycheproof were not run;
// the cases they are known for are among those above.
package p256
