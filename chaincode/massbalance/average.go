package massbalance

// Pool is what a site's rolling average percentage rests on, where its profile
// asks for that method: what came in of one product over the period, with what
// was there when it began. Credit over Material is the average share.
type Pool struct {
	Period   PeriodID
	Material Quantity
	Credit   Quantity
}

// pool is the pool of the open period. The first movement of a product in a
// period finds the account as the period before left it; credit beyond the
// stock that it could be of does not count.
func (b *books) pool(product ProductID, account Account) (Pool, error) {
	pool, _, err := find[Pool](b.e, PoolKey(b.site.ID, product))
	if err == nil && pool.Period != b.head.Period {
		pool = Pool{b.head.Period, account.Stock(), account.Credit().Min(account.Stock())}
	}
	return pool, err
}

// average adds material that comes in to the pool. Credit that comes without
// material was in the pool before, or is no part of it.
func (b *books) average(product ProductID, account Account, physical, credit Quantity) error {
	if b.profile.Method != RollingAverage {
		return nil
	}
	pool, err := b.pool(product, account)
	if err != nil {
		return err
	}
	if !physical.IsZero() {
		pool.Material, pool.Credit = pool.Material.Add(physical), pool.Credit.Add(credit)
	}
	b.e.put(PoolKey(b.site.ID, product), pool)
	return nil
}

// atMostAverage refuses to attribute more to material than the average share of
// the period so far, rounded down to the gram (ISO 22095-2, rolling average
// percentage method; PEFC's Cc = Vc ÷ (Vc + Vcm)).
func (b *books) atMostAverage(product ProductID, account Account, physical, credit Quantity) error {
	if b.profile.Method != RollingAverage {
		return nil
	}
	pool, err := b.pool(product, account)
	if err != nil {
		return err
	}
	if most := physical.ScaleFloor(pool.Credit, pool.Material); !physical.IsZero() && most.Less(credit) {
		return lacking(AverageExceeded, most, credit, "%s kg of %s at %s, of which %s in %s kg are attributed on average in period %s", physical, product, b.site.ID, pool.Credit, pool.Material, pool.Period)
	}
	b.e.put(PoolKey(b.site.ID, product), pool)
	return nil
}
