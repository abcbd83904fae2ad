<?php
/**
 * The messages that wait to be sent.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * The table of messages. A row is `open` from the change on until the request that made it ends and the
 * message is complete, then `waiting`, and gone once the server has it, or `dead` when it never will.
 */
final class Sitebridge_Outbox {

	/**
	 * Seconds after which a row is taken for one whose request died before it ended.
	 */
	const STALE = 120;

	/**
	 * Seconds for which a message is tried, and for which one that failed for good is kept.
	 */
	const KEEP_TRYING = 259200;
	const KEEP_DEAD   = 2592000;

	/**
	 * Notes that a post changed. Done at once, so that a crash before the end of the request loses nothing.
	 *
	 * @param int    $post_id The post.
	 * @param string $topic   `status` or `metadata`.
	 * @param string $op_id   The server's operation that made the change, or ''.
	 * @return int The row's id, or 0 when it could not be written.
	 */
	public function open( $post_id, $topic, $op_id ) {
		return $this->insert( $post_id, $topic, $op_id, 'open', '' );
	}

	/**
	 * Adds a complete message.
	 *
	 * @param int    $post_id The post.
	 * @param string $topic   `status` or `metadata`.
	 * @param string $op_id   The server's operation that made the change, or ''.
	 * @param string $body    The message, as JSON.
	 * @return int The row's id, or 0 when it could not be written.
	 */
	public function add( $post_id, $topic, $op_id, $body ) {
		return $this->insert( $post_id, $topic, $op_id, 'waiting', $body );
	}

	/**
	 * Completes an open row.
	 *
	 * @param int    $id   The row.
	 * @param string $body The message, as JSON.
	 * @return bool False when it is not open any more.
	 */
	public function complete( $id, $body ) {
		global $wpdb;

		$table = Sitebridge_Outbox_Table::name();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- a table of our own, whose name is no input; nothing of it may come from a cache.
		return 1 === $wpdb->query( $wpdb->prepare( "UPDATE {$table} SET state = 'waiting', body = %s, due_at = %d WHERE id = %d AND state = 'open'", $body, time(), $id ) );
	}

	/**
	 * Removes a row: it was delivered, or there is nothing to tell.
	 *
	 * @param int $id The row.
	 */
	public function remove( $id ) {
		global $wpdb;

		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see complete().
		$wpdb->delete( Sitebridge_Outbox_Table::name(), array( 'id' => $id ), '%d' );
	}

	/**
	 * Removes everything.
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
	 * The oldest message that may be sent now: none of the same post waits before it.
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
	 * When the next message that no other holds back is due.
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
	 * Notes a failure.
	 *
	 * @param int    $id     The row.
	 * @param string $state  `waiting`: to be tried again; `dead`: never again by itself.
	 * @param int    $due_at Unix seconds of the next try; of its death for one that is dead.
	 * @param int    $status HTTP status, or 0.
	 * @param string $answer What the server said.
	 */
	public function fail( $id, $state, $due_at, $status, $answer ) {
		global $wpdb;

		$table = Sitebridge_Outbox_Table::name();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see complete().
		$wpdb->query( $wpdb->prepare( "UPDATE {$table} SET state = %s, due_at = %d, attempts = attempts + 1, answer_status = %d, answer = %s WHERE id = %d", $state, $due_at, $status, $answer, $id ) );
	}

	/**
	 * Makes everything that waits due now.
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
	 * Lets dead messages be tried again for as long as new ones. One whose id the server has with another
	 * body gets a new id: with the old one it would be refused again.
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
	 * Gives up what has been tried for too long, and removes what has been dead for too long.
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
	 * Writes a row.
	 *
	 * @param int    $post_id The post.
	 * @param string $topic   `status` or `metadata`.
	 * @param string $op_id   The server's operation, or ''.
	 * @param string $state   `open` or `waiting`.
	 * @param string $body    The message, as JSON.
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
	 * An id that no other message has; it stays the same over all tries.
	 *
	 * @return string
	 */
	private static function new_webhook_id() {
		return 'msg_' . bin2hex( random_bytes( 16 ) );
	}
}
