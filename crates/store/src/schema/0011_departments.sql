-- Where a member stands in its corp, as the platform's ids; empty: nobody told.
ALTER TABLE t_wechat_account ADD COLUMN departments TEXT;          -- JSON array
-- When its owner unbound an account that its channel still reaches: the row stays, so that no check brings the account back by itself.
ALTER TABLE t_wechat_account ADD COLUMN unbound_time BIGINT;
CREATE INDEX i_wechat_account_unbound ON t_wechat_account (channel_id, unbound_time) WHERE unbound_time IS NOT NULL;
