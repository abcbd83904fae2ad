<?php
/**
 * Decides when the messages in the outbox are sent.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Sends messages when nobody waits: after the response if PHP can end it early, otherwise by a request of the
 * site to itself. WP-Cron sends the retries, and the messages that these two ways failed to send.
 */
final class Sitebridge_Delivery_Trigger {

	const HOOK        = 'sitebridge_connector_deliver';
	const HOURLY_HOOK = 'sitebridge_connector_outbox';

	/**
	 * The admin-ajax.php action of the site's request to itself. Open to everyone, like wp-cron.php: it takes
	 * no input and only sends the messages that are due.
	 */
	const ACTION = 'sitebridge_deliver';

	/**
	 * Seconds of work in one run, and seconds until WP-Cron checks whether the request itself failed to send.
	 */
	const BUDGET   = 20;
	const BACKSTOP = 30;

	/**
	 * Sends the waiting messages.
	 *
	 * @var Sitebridge_Delivery
	 */
	private $delivery;

	/**
	 * The table of messages.
	 *
	 * @var Sitebridge_Outbox
	 */
	private $outbox;

	/**
	 * The state of the delivery.
	 *
	 * @var Sitebridge_Delivery_State
	 */
	private $state;

	/**
	 * Whether this request has a message to send.
	 *
	 * @var bool
	 */
	private $expected = false;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Delivery       $delivery Sends the waiting messages.
	 * @param Sitebridge_Outbox         $outbox   The table of messages.
	 * @param Sitebridge_Delivery_State $state    The state of the delivery.
	 */
	public function __construct( Sitebridge_Delivery $delivery, Sitebridge_Outbox $outbox, Sitebridge_Delivery_State $state ) {
		$this->delivery = $delivery;
		$this->outbox   = $outbox;
		$this->state    = $state;
	}

	/**
	 * Registers the hooks.
	 */
	public function register() {
		add_action( self::HOOK, array( $this, 'work' ) );
		add_action( self::HOURLY_HOOK, array( $this, 'work' ) );
		add_action( 'wp_ajax_' . self::ACTION, array( $this, 'answer_nudge' ) );
		add_action( 'wp_ajax_nopriv_' . self::ACTION, array( $this, 'answer_nudge' ) );
		// Runs after everything that still belongs to the response, and after the messages were completed.
		add_action( 'shutdown', array( $this, 'after_request' ), 1000 );
	}

	/**
	 * Notes that this request will have a message to send. Schedules WP-Cron in case this request dies.
	 */
	public function expect() {
		$this->expected = true;
		if ( ! wp_next_scheduled( self::HOURLY_HOOK ) ) {
			wp_schedule_event( time() + HOUR_IN_SECONDS, 'hourly', self::HOURLY_HOOK );
		}
		if ( ! wp_next_scheduled( self::HOOK ) ) {
			wp_schedule_single_event( time() + self::BACKSTOP, self::HOOK );
		}
	}

	/**
	 * Sends the messages of this request without making anybody wait.
	 */
	public function after_request() {
		if ( ! $this->expected ) {
			return;
		}
		$this->expected = false;
		if ( ! $this->delivery->is_due() ) {
			$this->plan();
		} elseif ( Sitebridge_Background::finish_response() || wp_doing_cron() ) {
			$this->work();
		} else {
			Sitebridge_Background::ask_itself( self::ACTION );
		}
	}

	/**
	 * Ends the response to the site's request to itself at once, then sends.
	 */
	public function answer_nudge() {
		Sitebridge_Background::end_response();
		$this->work();
		exit;
	}

	/**
	 * Sends the messages that are due, and schedules the next run.
	 */
	public function work() {
		ignore_user_abort( true );
		if ( function_exists( 'set_time_limit' ) ) {
			// phpcs:ignore WordPress.PHP.NoSilencedErrors.Discouraged -- some hosts forbid it; then the host's limit stays.
			@set_time_limit( self::BUDGET + 60 );
		}
		if ( $this->delivery->run( self::BUDGET ) ) {
			Sitebridge_Background::ask_itself( self::ACTION );
		}
		$this->plan();
	}

	/**
	 * Continues the delivery at once after a change of the settings.
	 *
	 * @param bool $reconnected Whether a connection test passed; if so, a stop by the server ends.
	 */
	public function resume( $reconnected ) {
		$this->state->forget_failures();
		$this->state->update( array( 'key_expires_at' => 0 ) + ( $reconnected ? array( 'stopped_at' => 0 ) : array() ) );
		$this->outbox->make_due();
		$this->expect();
	}

	/**
	 * Sends all waiting messages, including those that are due later, while the caller waits.
	 */
	public function send_now() {
		$this->state->forget_failures();
		$this->outbox->make_due();
		$this->work();
	}

	/**
	 * Retries the messages that were given up.
	 */
	public function revive_dead() {
		$this->outbox->revive();
		$this->send_now();
	}

	/**
	 * Deletes all messages and the state of the delivery, and cancels the scheduled runs.
	 */
	public function forget() {
		$this->unschedule();
		$this->outbox->clear();
		$this->state->forget();
	}

	/**
	 * Cancels the scheduled runs.
	 */
	public function unschedule() {
		$this->expected = false;
		wp_clear_scheduled_hook( self::HOOK );
		wp_clear_scheduled_hook( self::HOURLY_HOOK );
	}

	/**
	 * Creates the table, and continues with messages that waited while the plugin was deactivated.
	 */
	public function on_activation() {
		Sitebridge_Outbox_Table::make();
		$this->plan();
	}

	/**
	 * Schedules the next run, if one is needed.
	 */
	private function plan() {
		$next    = $this->delivery->next_run();
		$planned = wp_next_scheduled( self::HOOK );
		if ( null !== $next && $planned && $planned <= max( $next, time() + 1 ) ) {
			return;
		}
		if ( $planned ) {
			wp_clear_scheduled_hook( self::HOOK );
		}
		if ( null !== $next ) {
			wp_schedule_single_event( max( $next, time() + 1 ), self::HOOK );
		}
	}
}
