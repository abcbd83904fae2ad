<?php
/**
 * The messages that wait to be sent.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * The table of messages. A row is `open` from the change until the request that made the change ends. Then
 * the message is complete, and the row is `waiting`. The row is removed when the server has the message, or
 * becomes `dead` when the message is given up.
 */
final class Sitebridge_Outbox {

	/**
	 * Seconds after which the request of an open row counts as dead.
	 */
	const STALE = 120;

	/**
	 * Seconds for which a message is retried, and seconds for which a dead message is kept.
	 */
	const KEEP_TRYING = 259200;
	const KEEP_DEAD   = 2592000;

	/**
	 * Stores that a post changed. The row is written at once, so that a crash before the end of the request
	 * loses nothing.
	 *
	 * @param int    $post_id The post; 0 for a term or the site itself.
	 * @param string $topic   `status`, `metadata`, `terms` or `site`.
	 * @param string $op_id   The id of the server's operation that made the change, or ''.
	 * @param string $stub    What another process needs to complete the message, or ''.
	 * @return int The row's id, or 0 when the insert failed.
	 */
	public function open( $post_id, $topic, $op_id, $stub = '' ) {
		return $this->insert( $post_id, $topic, $op_id, 'open', $stub );
	}

	/**
	 * Adds a complete message.
	 *
	 * @param int    $post_id The post; 0 for a term or the site itself.
	 * @param string $topic   `status`, `metadata`, `terms` or `site`.
	 * @param string $op_id   The id of the server's operation that made the change, or ''.
	 * @param string $body    The message, as JSON.
	 * @return int The row's id, or 0 when the insert failed.
	 */
	public function add( $post_id, $topic, $op_id, $body ) {
		return $this->insert( $post_id, $topic, $op_id, 'waiting', $body );
	}

	/**
	 * Completes an open row.
	 *
	 * @param int    $id   The row.
	 * @param string $body The message, as JSON.
	 * @return bool False when the row is not open any more.
	 */
	public function complete( $id, $body ) {
		global $wpdb;

		$table = Sitebridge_Outbox_Table::name();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- our own table; its name is not user input, and its rows must not come from a cache.
		return 1 === $wpdb->query( $wpdb->prepare( "UPDATE {$table} SET state = 'waiting', body = %s, due_at = %d WHERE id = %d AND state = 'open'", $body, time(), $id ) );
	}

	/**
	 * Removes a row that was delivered, or that has nothing to report.
	 *
	 * @param int $id The row.
	 */
	public function remove( $id ) {
		global $wpdb;

		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see complete().
		$wpdb->delete( Sitebridge_Outbox_Table::name(), array( 'id' => $id ), '%d' );
	}

	/**
	 * Removes all rows.
	 */
	public function clear() {
		global $wpdb;

		if ( Sitebridge_Outbox_Table::is_current() ) {
			$table = Sitebridge_Outbox_Table::name();
			// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see complete().
			$wpdb->query( "DELETE FROM {$table}" );
		}
	}

	/**
	 * The oldest message that is due and does not have to wait for an earlier message of the same post.
	 *
	 * @return object|null The row.
	 */
	public function next() {
		global $wpdb;

		$table = Sitebridge_Outbox_Table::name();
		// phpcs:disable WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see complete().
		$row = $wpdb->get_row(
			$wpdb->prepare(
				"SELECT late.* FROM {$table} late WHERE late.state = 'waiting' AND late.due_at <= %d
				AND NOT EXISTS (SELECT 1 FROM {$table} early WHERE early.post_id = late.post_id AND early.id < late.id AND early.state <> 'dead')
				ORDER BY late.id LIMIT 1",
				time()
			)
		);
		// phpcs:enable

		return is_object( $row ) ? $row : null;
	}

	/**
	 * When the next message is due. Messages that wait for an earlier message of the same post do not count.
	 *
	 * @return int|null Unix seconds; null when nothing waits.
	 */
	public function next_due() {
		global $wpdb;

		$table = Sitebridge_Outbox_Table::name();
		// phpcs:disable WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see complete().
		$due = $wpdb->get_var(
			$wpdb->prepare(
				"SELECT MIN(CASE late.state WHEN 'open' THEN late.created_at + %d ELSE late.due_at END) FROM {$table} late WHERE late.state <> 'dead'
				AND NOT EXISTS (SELECT 1 FROM {$table} early WHERE early.post_id = late.post_id AND early.id < late.id AND early.state <> 'dead')",
				self::STALE + 1
			)
		);
		// phpcs:enable

		return null === $due ? null : (int) $due;
	}

	/**
	 * Stores a failed attempt.
	 *
	 * @param int    $id     The row.
	 * @param string $state  `waiting` to retry; `dead` to give up.
	 * @param int    $due_at Unix seconds of the next attempt; for a dead message, of giving up.
	 * @param int    $status HTTP status, or 0.
	 * @param string $answer The server's message.
	 */
	public function fail( $id, $state, $due_at, $status, $answer ) {
		global $wpdb;

		$table = Sitebridge_Outbox_Table::name();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see complete().
		$wpdb->query( $wpdb->prepare( "UPDATE {$table} SET state = %s, due_at = %d, attempts = attempts + 1, answer_status = %d, answer = %s WHERE id = %d", $state, $due_at, $status, $answer, $id ) );
	}

	/**
	 * Makes all waiting messages due now.
	 */
	public function make_due() {
		global $wpdb;

		if ( Sitebridge_Outbox_Table::is_current() ) {
			$table = Sitebridge_Outbox_Table::name();
			// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see complete().
			$wpdb->query( $wpdb->prepare( "UPDATE {$table} SET due_at = %d WHERE state = 'waiting'", time() ) );
		}
	}

	/**
	 * Retries dead messages for as long as new messages. A message gets a new id if the server already has
	 * its id with another body (HTTP 409): with the old id the server would refuse it again.
	 */
	public function revive() {
		global $wpdb;

		$table = Sitebridge_Outbox_Table::name();
		$now   = time();
		// phpcs:disable WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see complete().
		foreach ( $wpdb->get_col( "SELECT id FROM {$table} WHERE state = 'dead' AND answer_status = 409" ) as $id ) {
			$wpdb->query( $wpdb->prepare( "UPDATE {$table} SET webhook_id = %s WHERE id = %d AND state = 'dead'", self::new_webhook_id(), $id ) );
		}
		$wpdb->query( $wpdb->prepare( "UPDATE {$table} SET state = 'waiting', attempts = 0, due_at = %d, give_up_at = %d WHERE state = 'dead'", $now, $now + self::KEEP_TRYING ) );
		// phpcs:enable
	}

	/**
	 * Gives up messages that were retried for too long, and removes messages that were dead for too long.
	 */
	public function expire() {
		global $wpdb;

		$table = Sitebridge_Outbox_Table::name();
		$now   = time();
		// phpcs:disable WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see complete().
		$wpdb->query( $wpdb->prepare( "UPDATE {$table} SET state = 'dead', due_at = %d WHERE state = 'waiting' AND give_up_at < %d", $now, $now ) );
		$wpdb->query( $wpdb->prepare( "DELETE FROM {$table} WHERE state = 'dead' AND due_at < %d LIMIT 500", $now - self::KEEP_DEAD ) );
		// phpcs:enable
	}

	/**
	 * Rows whose request died before it completed them, oldest first.
	 *
	 * @return object[]
	 */
	public function stale() {
		global $wpdb;

		$table = Sitebridge_Outbox_Table::name();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see complete().
		return (array) $wpdb->get_results( $wpdb->prepare( "SELECT * FROM {$table} WHERE state = 'open' AND created_at < %d ORDER BY id LIMIT 200", time() - self::STALE ) );
	}

	/**
	 * Inserts a row.
	 *
	 * @param int    $post_id The post; 0 for a term or the site itself.
	 * @param string $topic   `status`, `metadata`, `terms` or `site`.
	 * @param string $op_id   The id of the server's operation, or ''.
	 * @param string $state   `open` or `waiting`.
	 * @param string $body    The message, or the stub of an open row, as JSON.
	 * @return int The row's id, or 0.
	 */
	private function insert( $post_id, $topic, $op_id, $state, $body ) {
		$now        = time();
		$webhook_id = self::new_webhook_id();
		$due_at     = $now;
		$created_at = $now;
		$give_up_at = $now + self::KEEP_TRYING;

		return Sitebridge_Outbox_Table::insert( compact( 'webhook_id', 'post_id', 'topic', 'op_id', 'state', 'body', 'created_at', 'due_at', 'give_up_at' ) );
	}

	/**
	 * A unique message id. It stays the same for all attempts.
	 *
	 * @return string
	 */
	private static function new_webhook_id() {
		return 'msg_' . bin2hex( random_bytes( 16 ) );
	}
}
