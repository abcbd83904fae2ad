<?php
/**
 * Asks what a copy of the connected site is.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A notice on the admin pages while this site has another home than the connected one, with three answers.
 */
final class Sitebridge_Copy_Notice {

	/**
	 * Tells this site from its copies.
	 *
	 * @var Sitebridge_Installation
	 */
	private $installation;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Installation $installation Tells this site from its copies.
	 */
	public function __construct( Sitebridge_Installation $installation ) {
		$this->installation = $installation;
	}

	/**
	 * Registers the hook.
	 */
	public function register() {
		add_action( 'admin_notices', array( $this, 'render' ) );
	}

	/**
	 * Prints the notice: on every page until an administrator has answered, and on the settings page always.
	 */
	public function render() {
		$screen      = get_current_screen();
		$is_settings = null !== $screen && 'settings_page_' . Sitebridge_Settings_Page::SLUG === $screen->id;
		if ( ! current_user_can( 'manage_options' ) || ! ( $is_settings ? $this->installation->is_elsewhere() : $this->installation->is_undecided() ) ) {
			return;
		}
		?>
		<div class="notice notice-warning" id="sitebridge-copy">
			<p>
				<strong><?php esc_html_e( 'Sitebridge is silent here.', 'sitebridge-connector' ); ?></strong>
				<?php
				/* translators: 1: the address of the connected site, 2: the address of this site. */
				echo esc_html( sprintf( __( 'The site was connected at %1$s, and this is %2$s. What is this site?', 'sitebridge-connector' ), $this->installation->connected_home(), Sitebridge_Installation::home() ) );
				?>
			</p>
			<form method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>" id="sitebridge-copy-form">
				<input type="hidden" name="action" value="<?php echo esc_attr( Sitebridge_Settings_Actions::ACTION ); ?>">
				<?php wp_nonce_field( Sitebridge_Settings_Actions::ACTION ); ?>
				<p>
					<button type="submit" name="sitebridge_do" value="moved" class="button"><?php esc_html_e( 'This site has moved', 'sitebridge-connector' ); ?></button>
					<?php esc_html_e( 'The site lives here now. The server works with this address, and no longer with the old one.', 'sitebridge-connector' ); ?>
				</p>
				<p>
					<button type="submit" name="sitebridge_do" value="own_site" class="button"><?php esc_html_e( 'This is a copy: connect it as a site of its own', 'sitebridge-connector' ); ?></button>
					<?php esc_html_e( 'The key is deleted here. Make a site for the copy on the server, and enter its site id and its key.', 'sitebridge-connector' ); ?>
				</p>
				<p>
					<button type="submit" name="sitebridge_do" value="stay_silent" class="button"><?php esc_html_e( 'Stay silent', 'sitebridge-connector' ); ?></button>
					<?php esc_html_e( 'Nothing is sent from here, and this question is asked on the settings page only.', 'sitebridge-connector' ); ?>
				</p>
			</form>
		</div>
		<?php
	}
}
