<?php
/**
 * Decides whether a signed request is accepted.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Checks the current request once and keeps the result. WordPress asks several times, but the first check
 * uses up the nonce.
 */
final class Sitebridge_Request_Gate {

	/**
	 * Maximum difference between the request's time and this site's time, in seconds.
	 */
	const TOLERANCE = 300;

	/**
	 * The current request.
	 *
	 * @var Sitebridge_Signed_Request
	 */
	private $request;

	/**
	 * The stored connection.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * The connection that is being tested.
	 *
	 * @var Sitebridge_Candidate
	 */
	private $candidate;

	/**
	 * The used nonces.
	 *
	 * @var Sitebridge_Nonce_Store
	 */
	private $nonces;

	/**
	 * The site of the network that received the request.
	 *
	 * @var int
	 */
	private $blog;

	/**
	 * The decision: the mapped user, or the reason for the refusal; null before the check.
	 *
	 * @var WP_User|WP_Error|null
	 */
	private $verdict = null;

	/**
	 * The key that the signature was compared with last; '' before the check, and without a key.
	 *
	 * @var string
	 */
	private $compared_key = '';

	/**
	 * The operation id of the part of the request that runs now, such as one write of a batch.
	 *
	 * @var string|null
	 */
	private $named_operation = null;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Signed_Request $request   The current request.
	 * @param Sitebridge_Settings       $settings  The stored connection.
	 * @param Sitebridge_Candidate      $candidate The connection that is being tested.
	 * @param Sitebridge_Nonce_Store    $nonces    The used nonces.
	 */
	public function __construct( Sitebridge_Signed_Request $request, Sitebridge_Settings $settings, Sitebridge_Candidate $candidate, Sitebridge_Nonce_Store $nonces ) {
		$this->request   = $request;
		$this->settings  = $settings;
		$this->candidate = $candidate;
		$this->nonces    = $nonces;
		$this->blog      = get_current_blog_id();
	}

	/**
	 * The current request.
	 *
	 * @return Sitebridge_Signed_Request
	 */
	public function request() {
		return $this->request;
	}

	/**
	 * The decision about the current request.
	 *
	 * @return WP_User|WP_Error The mapped user, or why the request is refused.
	 */
	public function verdict() {
		if ( null === $this->verdict ) {
			$verdict       = $this->judge();
			$this->verdict = is_wp_error( $verdict ) && $this->request->is_signed() ? Sitebridge_Seen_Request::added_to( $verdict, $this->request, $this->compared_key ) : $verdict;
		}

		return $this->verdict;
	}

	/**
	 * The mapped user of a signed request that was accepted. Does not start the check.
	 *
	 * @return int The user's id; 0 for any other request, and before the check.
	 */
	public function accepted_user() {
		return $this->verdict instanceof WP_User ? $this->verdict->ID : 0;
	}

	/**
	 * The id of the server's operation that makes the changes of the current request.
	 *
	 * @return string|null '' when a person or WordPress itself makes the changes; null when the server makes
	 *                     them without a valid operation id, so that nobody can tell them from other changes.
	 */
	public function operation() {
		// Another plugin copies the change to another site of the network. That site's server did not make it.
		if ( get_current_blog_id() !== $this->blog ) {
			return '';
		}
		if ( null !== $this->named_operation ) {
			return $this->named_operation;
		}
		if ( ! $this->request->is_signed() || ! $this->request->is_rest() || ! $this->verdict() instanceof WP_User ) {
			return '';
		}

		return 1 === preg_match( '/^[\x21-\x7e]{1,200}$/D', $this->request->operation ) ? $this->request->operation : null;
	}

	/**
	 * Runs a part of the current request as an operation of its own, such as one write of a batch.
	 *
	 * @param string   $op_id The id of the server's operation.
	 * @param callable $work  The work to run.
	 * @return mixed The return value of $work.
	 */
	public function within_operation( $op_id, $work ) {
		$outer                 = $this->named_operation;
		$this->named_operation = $op_id;
		try {
			return $work();
		} finally {
			$this->named_operation = $outer;
		}
	}

	/**
	 * The error for a request that WordPress answers as another one than the signed one.
	 *
	 * @return WP_Error|null Null when WordPress answers the signed request.
	 */
	public function led_elsewhere() {
		$is_led_elsewhere = $this->request->is_v2() && $this->request->address()->is_led_elsewhere();

		return $is_led_elsewhere ? Sitebridge_Seen_Request::added_to( self::bad_signature(), $this->request, $this->compared_key ) : null;
	}

	/**
	 * The error that refuses a request.
	 *
	 * @param string $code    One of the codes that the server knows.
	 * @param string $message The text for people.
	 * @param int    $status  HTTP status.
	 * @param array  $data    More data for the response.
	 * @return WP_Error
	 */
	public static function refusal( $code, $message, $status, array $data = array() ) {
		$data['status']         = $status;
		$data['plugin_version'] = SITEBRIDGE_CONNECTOR_VERSION;
		// By these a server chooses the kind of its signatures.
		$data['signatures'] = Sitebridge_Signed_Request::VERSIONS;

		return new WP_Error( $code, $message, $data );
	}

	/**
	 * Checks the request. The signature is checked before the time, the site, the nonce and the user, so that
	 * a caller without the key learns nothing about them and cannot fill the table of nonces.
	 *
	 * @return WP_User|WP_Error
	 */
	private function judge() {
		if ( ! $this->request->is_signed() ) {
			return self::refusal( 'sitebridge_signature_missing', __( 'This address answers only signed requests of the Sitebridge server.', 'sitebridge-connector' ), 401 );
		}
		$asked    = $this->candidate->asked_by( $this->request );
		$proposed = null !== $asked && $this->request->is_signed_with( $asked['api_key'] ) ? $asked : null;
		$stored   = null === $proposed ? $this->settings->all() : $proposed;

		// While the first connection is tested, only the key of the candidate is known.
		$this->compared_key = '' === $stored['api_key'] && null !== $asked ? $asked['api_key'] : $stored['api_key'];
		if ( '' === $this->compared_key ) {
			return self::refusal( 'sitebridge_not_configured', __( 'The Sitebridge Connector is not connected: no site key is stored.', 'sitebridge-connector' ), 401 );
		}
		if ( ! $this->request->is_signed_with( $stored['api_key'] ) ) {
			return self::bad_signature();
		}
		$now  = time();
		$time = $this->request->time();
		if ( null === $time || abs( $now - $time ) > self::TOLERANCE ) {
			return self::refusal( 'sitebridge_timestamp_out_of_range', __( 'The time of the request is more than five minutes from the time of this site.', 'sitebridge-connector' ), 401, array( 'server_time' => $now ) );
		}
		if ( (string) $stored['site_id'] !== $this->request->site ) {
			return self::refusal( 'sitebridge_site_mismatch', __( 'The request is for another site.', 'sitebridge-connector' ), 403 );
		}
		$claimed = $this->nonces->claim( $this->request->nonce, $time + self::TOLERANCE + 60 );
		if ( null === $claimed ) {
			return self::refusal( 'sitebridge_nonce_store_failed', __( 'The nonce of the request could not be stored in the database.', 'sitebridge-connector' ), 500 );
		}
		if ( ! $claimed ) {
			return self::refusal( 'sitebridge_nonce_replayed', __( 'A request with this nonce was answered before.', 'sitebridge-connector' ), 401 );
		}
		$user = Sitebridge_Mapped_User::find( $stored['user_id'] );
		if ( null === $user ) {
			return self::refusal( 'sitebridge_user_invalid', __( 'The WordPress user that requests should act as is gone. Choose another under Settings > Sitebridge.', 'sitebridge-connector' ), 403 );
		}
		if ( ! Sitebridge_Mapped_User::may_act( $user->ID, $stored['key_by'] ) ) {
			return self::refusal( 'sitebridge_user_invalid', __( 'Requests should act as a network administrator, but no network administrator entered the stored key. Choose another user under Settings > Sitebridge, or let a network administrator enter the key again.', 'sitebridge-connector' ), 403 );
		}

		Sitebridge_Server::speaks( $this->request->server, $stored['site_id'], null === $proposed );

		return $user;
	}

	/**
	 * The error for a signature that is not made with the stored key, or not for this request.
	 *
	 * @return WP_Error
	 */
	private static function bad_signature() {
		return self::refusal( 'sitebridge_bad_signature', __( 'The signature is not made with the key that is stored here.', 'sitebridge-connector' ), 401 );
	}
}
