<?php
/**
 * Sends the messages in the outbox.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Sends messages one after the other. Each response decides what happens to its message.
 */
final class Sitebridge_Delivery {

	/**
	 * Failures in a row after which the delivery pauses.
	 */
	const FAILURES_IN_ROW = 5;

	/**
	 * HTTP statuses that refuse the message itself, so that a retry is useless.
	 */
	const REFUSALS = array( 400, 409, 413, 422 );

	/**
	 * The stored connection.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * Tells this site from its copies.
	 *
	 * @var Sitebridge_Installation
	 */
	private $installation;

	/**
	 * Sends one message.
	 *
	 * @var Sitebridge_Webhook_Sender
	 */
	private $sender;

	/**
	 * The table of messages.
	 *
	 * @var Sitebridge_Outbox
	 */
	private $outbox;

	/**
	 * Completes the messages that a request could not complete.
	 *
	 * @var Sitebridge_Open_Messages
	 */
	private $open;

	/**
	 * The state of the delivery.
	 *
	 * @var Sitebridge_Delivery_State
	 */
	private $state;

	/**
	 * Keeps other processes from sending.
	 *
	 * @var Sitebridge_Delivery_Lock
	 */
	private $lock;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Settings       $settings     The stored connection.
	 * @param Sitebridge_Installation   $installation Tells this site from its copies.
	 * @param Sitebridge_Webhook_Sender $sender       Sends one message.
	 * @param Sitebridge_Outbox         $outbox       The table of messages.
	 * @param Sitebridge_Open_Messages  $open         Completes the messages that a request could not complete.
	 * @param Sitebridge_Delivery_State $state        The state of the delivery.
	 * @param Sitebridge_Delivery_Lock  $lock         Keeps other processes from sending.
	 */
	public function __construct( Sitebridge_Settings $settings, Sitebridge_Installation $installation, Sitebridge_Webhook_Sender $sender, Sitebridge_Outbox $outbox, Sitebridge_Open_Messages $open, Sitebridge_Delivery_State $state, Sitebridge_Delivery_Lock $lock ) {
		$this->settings     = $settings;
		$this->installation = $installation;
		$this->sender       = $sender;
		$this->outbox       = $outbox;
		$this->open         = $open;
		$this->state        = $state;
		$this->lock         = $lock;
	}

	/**
	 * Sends the messages that are due, unless another process is sending.
	 *
	 * @param int $seconds After this many seconds no further call begins.
	 * @return bool Whether the time was too short for all due messages.
	 */
	public function run( $seconds ) {
		if ( ! Sitebridge_Outbox_Table::is_current() ) {
			return false;
		}
		$this->outbox->expire();
		$deadline = time() + $seconds;
		// Checks again after each release of the lock: a process that added a message meanwhile found the
		// lock taken and did not send.
		while ( time() < $deadline && $this->is_due() && $this->lock->acquire() ) {
			try {
				$this->open->complete_stale();
				$this->drain( $deadline );
			} finally {
				$this->lock->release();
			}
		}

		return time() >= $deadline && $this->is_due();
	}

	/**
	 * The time of the next send.
	 *
	 * @return int|null Unix seconds; null when no message waits, or none may be sent.
	 */
	public function next_run() {
		$state = $this->state->all();
		if ( ! Sitebridge_Outbox_Table::is_current() || ! $this->settings->sends_changes() || $state['stopped_at'] > 0 || $this->installation->is_elsewhere() ) {
			return null;
		}
		$due = $this->outbox->next_due();

		return null === $due ? null : max( $due, $state['paused_until'] );
	}

	/**
	 * Whether a message is due now.
	 *
	 * @return bool
	 */
	public function is_due() {
		$next = $this->next_run();

		return null !== $next && $next <= time();
	}

	/**
	 * Sends one message after the other.
	 *
	 * @param int $deadline Unix seconds.
	 */
	private function drain( $deadline ) {
		$failures = 0;
		while ( time() < $deadline && $this->lock->renew() ) {
			$row = $this->outbox->next();
			if ( null === $row ) {
				return;
			}
			$answer = $this->sender->send( $row );
			if ( 202 === $answer['status'] ) {
				$this->note_delivered( $row, $answer );
				$failures = 0;
			} elseif ( Sitebridge_Webhook_Sender::is_unknown_topic( $row, $answer ) ) {
				// The server finds the change with its next sync.
				$this->outbox->remove( (int) $row->id );
				$failures = 0;
			} elseif ( in_array( $answer['status'], self::REFUSALS, true ) ) {
				$this->note_failed( $row, $answer, 'dead', time() );
				$failures = 0;
			} elseif ( 410 === $answer['status'] ) {
				$this->note_failed( $row, $answer, 'waiting', time() );
				$this->state->update( array( 'stopped_at' => time() ) );
				return;
			} else {
				$retry_after = Sitebridge_Retry_Delay::asked_for( $answer['headers']['retry-after'] );
				$wait        = max( $retry_after, Sitebridge_Retry_Delay::after( (int) $row->attempts, HOUR_IN_SECONDS ) );
				$this->note_failed( $row, $answer, 'waiting', time() + $wait );
				++$failures;
				// These failures do not concern only this message.
				if ( 0 === $answer['status'] || $retry_after > 0 || $failures >= self::FAILURES_IN_ROW ) {
					$this->rest( $retry_after );
					return;
				}
			}
		}
	}

	/**
	 * Removes a delivered message. Stores when the stored key expires, if the server has replaced it.
	 *
	 * @param object $row    The row.
	 * @param array  $answer The response.
	 */
	private function note_delivered( $row, array $answer ) {
		$this->outbox->remove( (int) $row->id );
		$expires = strtotime( $answer['headers']['x-sitebridge-key-expires'] );
		$this->state->update(
			array(
				'key_expires_at' => false === $expires ? 0 : $expires,
				'paused_until'   => 0,
				'pauses'         => 0,
			)
		);
		$this->state->note_answer( 202, '' );
	}

	/**
	 * Stores that the server did not accept a message.
	 *
	 * @param object $row    The row.
	 * @param array  $answer The response.
	 * @param string $state  `waiting` or `dead`.
	 * @param int    $due_at Unix seconds of the next attempt.
	 */
	private function note_failed( $row, array $answer, $state, $due_at ) {
		$words = $this->state->words( $answer );
		$this->outbox->fail( (int) $row->id, $state, $due_at, $answer['status'], $words );
		$this->state->note_answer( $answer['status'], $words );
	}

	/**
	 * Pauses the delivery for as long as the server asked, otherwise longer each time, up to 5 minutes.
	 *
	 * @param int $retry_after The pause that the server asked for, in seconds, or 0.
	 */
	private function rest( $retry_after ) {
		$pauses = $this->state->all()['pauses'];
		$wait   = $retry_after > 0 ? $retry_after : Sitebridge_Retry_Delay::after( $pauses, 5 * MINUTE_IN_SECONDS );
		$this->state->update(
			array(
				'paused_until' => time() + $wait,
				'pauses'       => $pauses + 1,
			)
		);
	}
}
