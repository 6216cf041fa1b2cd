package p256_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"math/big"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/audit/p256"
)

// signature is one of a digest, by a key of its own.
type signature struct {
	public *ecdsa.PublicKey
	digest [32]byte
	r, s   *big.Int
}

func newSignature(t testing.TB) signature {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	digest := sha256.Sum256(key.PublicKey.X.Bytes())
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	require.NoError(t, err)
	return signature{&key.PublicKey, digest, r, s}
}

func (s signature) found(k *p256.Key) bool { return k.Finds(&s.digest, s.r, s.s) }

func often(k *p256.Key, times int) {
	for range times {
		k.Good()
	}
}

func TestKeyGetsATableOnceItPays(t *testing.T) {
	var pool p256.Pool
	s := newSignature(t)
	k := pool.Key(s.public)
	often(k, p256.Pays-1)
	require.False(t, k.Has())
	require.False(t, s.found(k), "there is no table yet")
	k.Good()
	require.True(t, k.Has())
	require.True(t, s.found(k))
	s.digest[0] ^= 1
	require.False(t, s.found(k))
}

func TestKeyOfAnotherCurveGetsNone(t *testing.T) {
	var pool p256.Pool
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	k := pool.Key(&key.PublicKey)
	often(k, 2*p256.Pays)
	require.False(t, k.Has())
}

func TestTablesAreBounded(t *testing.T) {
	var pool p256.Pool
	var keys []*p256.Key
	s := newSignature(t)
	for range p256.MaxTables {
		keys = append(keys, pool.Key(s.public))
		often(keys[len(keys)-1], p256.Pays)
	}
	late := pool.Key(s.public)
	often(late, p256.Pays)
	require.False(t, late.Has(), "all tables are in use")
	require.True(t, s.found(keys[0]))

	// The second is now the one that was idle for longest.
	often(late, p256.Idle)
	require.True(t, s.found(keys[0]))
	require.True(t, late.Has())
	require.False(t, keys[1].Has())
	held := 0
	for _, k := range append(keys, late) {
		if k.Has() {
			held++
		}
	}
	require.Equal(t, p256.MaxTables, held)
}

func TestPoolServesManyAtOnce(t *testing.T) {
	var pool p256.Pool
	s := newSignature(t)
	k := pool.Key(s.public)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range p256.Pays {
				if !s.found(k) {
					k.Good()
				}
			}
		})
	}
	wait.Wait()
	require.True(t, s.found(k))
}
