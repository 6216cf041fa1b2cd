// Package softhsmtest makes a PKCS#11 token of SoftHSM for tests: the interface of
// a hardware security module, without the hardware.
package softhsmtest
