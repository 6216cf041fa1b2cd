package consortium

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/weighbridge/weighbridge/network/process"
	"github.com/weighbridge/weighbridge/network/topology"
)

// stopGrace is how long a node may take to end in the orderly way before it's killed; all of them survive being killed.
const stopGrace = 15 * time.Second

// Down stops every node that was started from the state folder. Its data stays.
func Down(ctx context.Context, options Options) error {
	network, err := load(options)
	if err != nil {
		return err
	}
	if network.manifest == nil {
		network.report.say("there's no network in %s", network.Layout.Root)
		return nil
	}
	network, lock, err := locked(ctx, options)
	if err != nil {
		return err
	}
	defer network.Close()
	return errors.Join(network.down(ctx), lock.Release())
}

func (n *Network) down(ctx context.Context) error {
	stopped := 0
	// Clients before servers, so that nobody is cut off in the middle of something.
	for _, nodes := range [][]topology.Node{n.Consortium.GatewayNodes(), n.Consortium.PeerNodes(), n.Consortium.OrdererNodes()} {
		group, ctx := errgroup.WithContext(ctx)
		for _, node := range nodes {
			if _, running := n.processes.Running(node.Name()); running {
				stopped++
			}
			group.Go(func() error { return n.processes.Stop(ctx, node.Name(), stopGrace) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	if err := n.awaitChaincodesGone(ctx); err != nil {
		return err
	}
	n.report.say("%d nodes stopped", stopped)
	return nil
}

// awaitChaincodesGone waits for the chaincodes, which end by themselves once their peers are gone, and helps those along that
// don't.
func (n *Network) awaitChaincodesGone(ctx context.Context) error {
	gone := func(context.Context) error {
		running, err := n.chaincodes()
		if err != nil {
			return err
		}
		if len(running) > 0 {
			return fmt.Errorf("the chaincodes of %d organisations still run", len(running))
		}
		return nil
	}
	const grace = 5 * time.Second
	patient, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	if process.Poll(patient, interval, gone) == nil {
		return nil
	}
	running, err := n.chaincodes()
	if err != nil {
		return err
	}
	for id, pids := range running {
		for _, pid := range pids {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("couldn't kill the chaincode of %s: %w", id, err)
			}
		}
	}
	impatient, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	return process.Poll(impatient, interval, gone)
}

// Wipe stops the network and removes its state folder with all data. A folder that isn't a state folder is refused.
func Wipe(ctx context.Context, options Options) error {
	options, err := options.resolve()
	if err != nil {
		return err
	}
	layout := topology.Layout{Root: options.State}
	if _, err := os.Stat(layout.Root); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	// A wipe must also help against a manifest or topology that can't be read any more, so it doesn't load either.
	if _, err := os.Stat(layout.Manifest()); err != nil {
		if err := checkEmpty(layout); err != nil {
			return fmt.Errorf("couldn't wipe: %w", err)
		}
	}
	report := newReport(options.Progress)
	lock, err := process.Acquire(ctx, layout.Lock(), func() { report.say("… another command is using %s", layout.Root) })
	if err != nil {
		return err
	}
	if err := errors.Join(wipe(ctx, layout), lock.Release()); err != nil {
		return err
	}
	report.say("%s removed", layout.Root)
	return nil
}

func wipe(ctx context.Context, layout topology.Layout) error {
	processes := process.Table{Folder: layout.Processes()}
	if err := processes.Adopt(); err != nil {
		return err
	}
	names, err := processes.Names()
	if err != nil {
		return err
	}
	var group errgroup.Group
	for _, name := range names {
		group.Go(func() error { return processes.Kill(ctx, name) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	chaincodes := func(context.Context) error {
		running, err := process.Executables(layout.Organisations())
		if err == nil && len(running) > 0 {
			err = fmt.Errorf("%d chaincodes still run", len(running))
		}
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, stopGrace)
	defer cancel()
	if err := process.Poll(bounded, interval, chaincodes); err != nil {
		return fmt.Errorf("couldn't wipe %s: %w", layout.Root, err)
	}
	if err := os.RemoveAll(layout.Root); err != nil {
		return fmt.Errorf("couldn't remove the state folder: %w", err)
	}
	return nil
}
